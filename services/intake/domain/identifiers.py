"""Numbers and codes of the field: what makes an NPI, an ICD-10-CM code, a ZIP code.

Telephone numbers have a module of their own, `telephones`.
"""

import re
from typing import Final

ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
NPI_SYSTEM: Final = "http://hl7.org/fhir/sid/us-npi"
ICD_10_CM_FORM: Final = r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"

_NPI: Final = re.compile(r"[0-9]{10}")
_FIRST_DIGITS_ASSIGNED: Final = frozenset("12")
_LUHN_OF_80840: Final = 24
"""What the prefix 80840 (health applications, United States) adds to the Luhn sum of the ten digits."""
_ICD_10_CM: Final = re.compile(ICD_10_CM_FORM)
_ZIP: Final = re.compile(r"([0-9]{5})(-?[0-9]{4})?")
_UNKNOWN_ZIP: Final = "00000"


def is_npi(number: str) -> bool:
    """Whether a National Provider Identifier could have been assigned: first digit 1 or 2, Luhn over 80840 + number."""
    if not _NPI.fullmatch(number) or number[0] not in _FIRST_DIGITS_ASSIGNED:
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[0::2]]
    plain = [int(digit) for digit in number[1::2]]
    return (_LUHN_OF_80840 + sum(doubled) + sum(plain)) % 10 == 0


def is_icd_10_cm(code: str) -> bool:
    """Whether a code has the form of ICD-10-CM, with its dot. Whether it exists is not known here."""
    return _ICD_10_CM.fullmatch(code) is not None


def zip_code(text: str | None) -> str | None:
    """The five digits of a US ZIP code. None for what is none, and for 00000, by which systems say "unknown"."""
    match = _ZIP.fullmatch((text or "").strip())
    return match[1] if match and match[1] != _UNKNOWN_ZIP else None
