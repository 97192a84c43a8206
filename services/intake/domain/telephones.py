"""Telephone numbers: which can be called, read as they are written where the patient lives.

Refused is what nobody could be called by: a wrong length, one digit ten times, and area codes that the North American
Numbering Plan can never assign (a first digit of 0 or 1, N11, 999). What is merely not assigned today is taken, since
plans change faster than programs, and is told apart so that it can be warned of.
"""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult

HOME_COUNTRY: Final = "US"

_NORTH_AMERICA: Final = 1
_NEVER_AN_AREA: Final = re.compile(r"[01]..|.11|999")
_NEVER_AN_EXCHANGE: Final = "000"
_ABSURDLY_LONG: Final = 60


@dataclass(frozen=True, slots=True)
class Telephone:
    """A number that can be called: in E.164, with its extension. `is_assigned` tells whether anybody could have it."""

    number: str
    extension: str | None
    is_assigned: bool


def telephone(text: str, country: str | None = HOME_COUNTRY) -> Telephone | None:
    """A number as it is written in a country (ISO 3166-1), or with a country of its own; None if it cannot be called.

    Without a country only a number that names its own can be read.
    """
    if len(text) > _ABSURDLY_LONG:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not _can_be_called(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Telephone(e164, number.extension or None, phonenumbers.is_valid_number(number))


def _can_be_called(number: PhoneNumber) -> bool:
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return False
    digits = phonenumbers.national_significant_number(number)
    if len(set(digits)) == 1:
        return False
    if number.country_code != _NORTH_AMERICA:
        return True
    return not _NEVER_AN_AREA.fullmatch(digits[:3]) and digits[3:6] != _NEVER_AN_EXCHANGE
