"""Whom a report is about: the table."""

from datetime import date
from typing import Any

import pytest

from services.intake.domain.order import Identifier
from services.intake.domain.whom import PatientSaid, Whom, whom

MRN, ELSEWHERE = "urn:example:mrn", "urn:example:other"
BORN, NOT_BORN = date(1971, 2, 3), date(1971, 3, 2)


def said(number: str = "", system: str = MRN, **more: Any) -> PatientSaid:
    """What is said of a patient."""
    return PatientSaid(record_number=Identifier(system=system, value=number) if number else None, **more)


KNOWN = said("MRN-7001", given="Zoë Anne", family="Núñez-O'Hara", birth_date=BORN)
TABLE: list[tuple[str, PatientSaid, Whom]] = [
    ("the same number", said("MRN-7001"), "same"),
    ("as it is written elsewhere", said(" mrn-7001 ", system="URN:example:MRN"), "same"),
    ("another number", said("MRN-7002"), "other"),
    ("leading zeros count", said("MRN-07001"), "other"),
    ("another number, the same name and birth date", said("MRN-7002", family="Núñez-O'Hara", birth_date=BORN), "other"),
    ("the same number, another name", said("MRN-7001", family="Married", birth_date=BORN), "same"),
    ("the same number, nothing else", said("MRN-7001", family="Married", birth_date=NOT_BORN), "other"),
    ("a number of another system", said("MRN-7001", system=ELSEWHERE), "unknown"),
    ("another's number, our name", said("A-1", ELSEWHERE, family="Nunez O'Hara", birth_date=BORN), "same"),
    ("another's number, another name", said("A-1", ELSEWHERE, family="Wrong", birth_date=BORN), "other"),
    ("name and birth date", said(family="NUNEZ OHARA", birth_date=BORN), "same"),
    ("the accent as a character of its own", said(family="Nun\u0303ez O\u2019Hara", birth_date=BORN), "same"),
    ("another birth date", said(family="Núñez-O'Hara", birth_date=NOT_BORN), "other"),
    ("another name", said(family="Núñez", birth_date=BORN), "other"),
    ("a twin", said(given="Ruth", family="Núñez-O'Hara", birth_date=BORN), "other"),
    ("an initial", said(given="Z.", family="Núñez-O'Hara", birth_date=BORN), "same"),
    ("no middle name", said(given="ZOE", family="Núñez-O'Hara", birth_date=BORN), "same"),
    ("only the name", said(family="Núñez-O'Hara"), "unknown"),
    ("only the birth date", said(birth_date=BORN), "unknown"),
    ("only another name", said(family="Wrong"), "other"),
    ("only another birth date", said(birth_date=NOT_BORN), "other"),
    ("nothing", said(), "unknown"),
]


class TestWhom:
    @pytest.mark.parametrize(("about", "found"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
    def test_is_told_by_number_else_by_name_and_birth_date(self, about: PatientSaid, found: Whom) -> None:
        """Every row, against a patient of whom all is known."""
        assert found == whom(about, KNOWN)

    def test_is_unknown_where_the_order_does_not_say(self) -> None:
        """What the referral lacks contradicts nothing."""
        assert "unknown" == whom(KNOWN, said())
        assert "unknown" == whom(KNOWN, said(family="Núñez-O'Hara"))

    def test_reads_letters_that_are_no_accents(self) -> None:
        """Sørensen is Sorensen, and Łukasz Lukasz."""
        known = said(given="Łukasz", family="Sørensen", birth_date=BORN)

        assert "same" == whom(said(given="Lukasz", family="Sorensen", birth_date=BORN), known)
