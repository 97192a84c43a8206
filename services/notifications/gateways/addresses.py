"""Which telephone numbers and e-mail addresses can be written to, and how they are spelled."""

import re
from typing import Final

import phonenumbers

HOME: Final = "US"
_LONGEST: Final = 254
_MAILABLE: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")


def e164(phone: str | None) -> str | None:
    """The number as gateways take it, `+15550123456`; None when it is no telephone number.

    Possible is enough: which numbers are in use, only the gateway knows.
    """
    number = _parsed(phone)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else None


def as_read(phone: str | None) -> str | None:
    """The number as people at home read it, `(555) 012-3456`; with its country's code if it is another's."""
    number = _parsed(phone)
    if number is None:
        return None
    is_home = number.country_code == phonenumbers.country_code_for_region(HOME)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    number.extension = None
    return phonenumbers.format_number(number, form)


def is_mailable(email: str | None) -> bool:
    """Whether mail can be addressed to it without surprises for a mail server (ASCII dot-atom, RFC 5321)."""
    return email is not None and len(email) <= _LONGEST and _MAILABLE.fullmatch(email) is not None


def _parsed(phone: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(phone or "", HOME)
    except phonenumbers.NumberParseException:
        return None
    is_whole = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return number if is_whole else None
