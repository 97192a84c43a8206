"""By what a person can be reached now: telephone and e-mail (R4 datatypes.html#ContactPoint).

What has ended or is old is none; a lower rank is preferred to a higher, then mobile telephones, and those at work come
last. A telephone number is read in the country of its owner's address.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api.fhir.periods import is_in_force
from services.intake.api.fhir.reading import Reading
from services.intake.domain.telephones import HOME_COUNTRY, Telephone, telephone

EMAIL: Final = re.compile(r"[^@\s:;,<>]+@[^@\s:;,<>]+\.[^@\s.:;,<>]+")
"""One address alone: neither a link (`mailto:`) nor a list."""
_LONGEST_EMAIL: Final = 254
_USES: Final = ("mobile", "home", None, "temp", "work")
_PHONES: Final = frozenset({"phone", "sms"})


@dataclass(frozen=True, slots=True)
class Reached:
    """By what somebody can be reached."""

    telephone: Telephone | None = None
    email: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any way."""
        return self.telephone is not None or self.email is not None


def reached(reading: Reading, telecom: Sequence[Any] | None, pointer: str, country: str | None) -> Reached:
    """The ways to reach a person; `pointer` is the place of `telecom`. Unusable ones are warned of."""
    usable = sorted(_in_use(reading, telecom), key=lambda placed: _rank(placed[1]))
    phones = [_telephone(reading, each, f"{pointer}/{n}", country) for n, each in usable if each.system in _PHONES]
    emails = [_email(reading, each, f"{pointer}/{n}") for n, each in usable if each.system == "email"]
    for n, each in usable:
        if each.system is None:
            reading.warn(
                f"{pointer}/{n}/system", "telecom", "does not say whether it is a telephone number or what else"
            )
    return Reached(next((phone for phone in phones if phone), None), next((email for email in emails if email), None))


def _in_use(reading: Reading, telecom: Sequence[Any] | None) -> Iterator[tuple[int, Any]]:
    for n, each in enumerate(telecom or ()):
        if each.value and each.use != "old" and is_in_force(each.period, reading.now, reading.home_zone):
            yield n, each


def _rank(each: Any) -> tuple[int, int, str]:
    """Where all else is equal the text decides, not the order of a list."""
    return each.rank or 10**6, _USES.index(each.use) if each.use in _USES else len(_USES), each.value


def _telephone(reading: Reading, each: Any, at: str, country: str | None) -> Telephone | None:
    found = telephone(each.value, country)
    if found is None:
        reading.warn(
            at, "phone", "is no telephone number that could be called, as it is written where the patient lives"
        )
    elif country != HOME_COUNTRY and _is_of_two_countries(each.value, found):
        reading.warn(at, "phone_country", "names no country, and is read as a number of the country of the address")
    elif not found.is_assigned:
        reading.warn(at, "phone_unassigned", "is a telephone number that nobody is known to have; it is taken")
    return found


def _is_of_two_countries(text: str, found: Telephone) -> bool:
    """Whether the text is also another number of the home country: then it is not known which was meant."""
    at_home = telephone(text)
    return at_home is not None and at_home.is_assigned and at_home.number != found.number


def _email(reading: Reading, each: Any, at: str) -> str | None:
    text = str(each.value).strip(" ")
    if EMAIL.fullmatch(text) and len(text) <= _LONGEST_EMAIL:
        return text
    reading.warn(at, "email", "is no e-mail address that could be written to")
    return None
