"""Compares the patient of a report with the patient of the referral: the same, another, or unknown.

Pure, and the only place for this rule. The API opens what is compared, and keeps none of it.
"""

import unicodedata
from datetime import date
from typing import Final, Literal

from services.intake.domain.order import Identifier
from shared.contracts.language import Word

Whom = Literal["same", "other", "unknown"]

_LETTERS_OF_THEIR_OWN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not take apart into a letter and an accent."""


class PatientSaid(Word):
    """Identifying data of a patient, as far as it is given: record number with its system, name, birth date."""

    record_number: Identifier | None = None
    given: str = ""
    family: str = ""
    birth_date: date | None = None


def whom(said: PatientSaid, known: PatientSaid) -> Whom:
    """Compare. A record number of the same system decides, unless name and birth date both speak against it.

    Without one, family name and birth date must both agree. One that differs is enough for another patient, and so is
    another first name: twins have the rest in common. What is too little to tell is unknown.
    """
    number = _agreement(_number(said, known), _number(known, said))
    family, born = _agreement(_fold(said.family), _fold(known.family)), _agreement(said.birth_date, known.birth_date)
    if number is not None:
        return "same" if number and (family, born) != (False, False) else "other"
    if False in (family, born, _first_names_agree(said.given, known.given)):
        return "other"
    return "same" if family and born else "unknown"


def _agreement(one: object, other: object) -> bool | None:
    """Whether two that were said are equal; None where one of them was not said."""
    return one == other if one and other else None


def _number(patient: PatientSaid, other: PatientSaid) -> str | None:
    """The record number, where the other has one of the same system: numbers of two systems say nothing."""
    mine, theirs = patient.record_number, other.record_number
    is_comparable = mine and theirs and _bare(mine.system) == _bare(theirs.system)
    return _bare(mine.value) if mine and is_comparable else None


def _first_names_agree(one: str, other: str) -> bool | None:
    """The first given names; a shorter form of the same beginning, such as an initial, is the same."""
    first, second = (_fold((text.split() or [""])[0]) for text in (one, other))
    return first.startswith(second) or second.startswith(first) if first and second else None


def _bare(text: str) -> str:
    """Without blanks, letter case, and how Unicode writes it."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _fold(name: str) -> str:
    """A name without letter case, accents, blanks and punctuation."""
    apart = unicodedata.normalize("NFKD", name.casefold()).translate(_LETTERS_OF_THEIR_OWN)
    return "".join(letter for letter in apart if letter.isalnum())
