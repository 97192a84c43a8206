"""Reads the patient: identity, contact, address and language, each by a module of its own.

A birth date must be a whole day in living memory (R4 patient.html allows years and months alone, which name nobody).
"""

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from services.intake.api.fhir.address import Home
from services.intake.api.fhir.languages import language_of
from services.intake.api.fhir.mapping import day_of
from services.intake.api.fhir.names import called
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.relatives import is_child, relative_of
from services.intake.api.fhir.telecom import reached
from shared.contracts.sealed import Contact

_OLDEST: Final = 130


def contact_of(reading: Reading, patient: Placed, home: Home) -> Contact:
    """The patient's contact: their own telephone or e-mail; for a child without any, a parent's."""
    resource, at = patient.resource, patient.pointer
    own = reached(reading, resource.telecom, f"{at}/telecom", home.country)
    is_minor = is_child(resource, reading.now, reading.home_zone)
    relative = relative_of(reading, patient, home.country, is_needed=is_minor and not own)
    by = relative.reached if relative else own
    given, family = called(reading, resource, at)
    is_one_zone = len(home.zones) == 1
    return Contact(
        given=given,
        family=family,
        birth_date=_birth_date(reading, patient),
        phone=by.telephone.number if by.telephone else None,
        phone_extension=by.telephone.extension if by.telephone else None,
        phone_of=relative.relation if relative else None,
        email=by.email,
        language=language_of(reading, patient),
        timezone=home.zones[0] if is_one_zone else reading.home_zone,
        timezones=() if is_one_zone else home.zones,
        may_text=bool(home.zones) and not (by.telephone and by.telephone.extension),
    )


def _birth_date(reading: Reading, patient: Placed) -> date | None:
    """A birth date: a whole day in the past, and not longer ago than anybody lives."""
    said, at = patient.resource.birthDate, f"{patient.pointer}/birthDate"
    if said is None:
        return None
    born = day_of(said)
    today = reading.now.astimezone(ZoneInfo(reading.home_zone)).date()
    if born is None:
        reading.warn(at, "birth_date", "is no whole date")
        return None
    if born > today or today.year - born.year > _OLDEST:
        reading.warn(at, "birth_date", "is no day on which somebody who is alive can have been born")
        return None
    return born
