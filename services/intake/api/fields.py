"""The fields of our own contract, each with its rule. A rule that is broken says so in a sentence, and where."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from services.intake.domain import identifiers
from services.intake.domain.lines import is_one_line
from services.intake.domain.order import is_of_this_century
from services.intake.domain.telephones import telephone
from shared.web import broken

_ZONES = available_timezones()
"""Read once: it walks the whole database of time zones."""


def checked(code: str, sentence: str, is_right: Callable[[str], object]) -> AfterValidator:
    """A rule of the field, under a code of its own. The sentence shows nothing of the input."""

    def check(text: str) -> str:
        if not is_right(text):
            raise broken(code, sentence)
        return text

    return AfterValidator(check)


def _in_e164(text: str) -> str:
    found = telephone(text)
    if found is None:
        raise broken("phone", "is no telephone number that could be called")
    if found.extension:
        raise broken("phone_extension", "must be without an extension; say the extension in a note")
    return found.number


def _of_this_century(instant: datetime) -> datetime:
    if not is_of_this_century(instant):
        raise broken("century", "must be of this century")
    return instant


OneLine = checked("control_characters", "must be one line of text, without control characters", is_one_line)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), OneLine]
MaybeName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), OneLine]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Npi = Annotated[
    str,
    checked(
        "npi",
        "is not a National Provider Identifier: ten digits, of which the last is a check digit",
        identifiers.is_npi,
    ),
    Field(examples=["1234567893"]),
]
IcdCode = Annotated[
    str,
    checked("icd_10_cm", "is not of the form of ICD-10-CM, with its dot, such as R07.9", identifiers.is_icd_10_cm),
]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_in_e164)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s:;,<>]+@[^@\s:;,<>]+\.[^@\s.:;,<>]+$")]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Zone = Annotated[str, checked("timezone", "is not an IANA time zone", _ZONES.__contains__)]
Instant = Annotated[AwareDatetime, AfterValidator(_of_this_century)]
