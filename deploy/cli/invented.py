"""Patients who do not exist, referred for what people are referred for, with names that are evidently invented.

Each has a telephone number of its own, of those kept for fiction; addresses are of example.com.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, Literal

from deploy.platform.telephones import telephone_of

Priority = Literal["routine", "urgent", "asap", "stat"]


@dataclass(frozen=True)
class Specialty:
    """What may be asked for: NUCC taxonomy, SNOMED CT code of the request, and an ICD-10-CM diagnosis that fits."""

    taxonomy: str
    service: str
    text: str
    diagnosis: str
    diagnosis_text: str


@dataclass(frozen=True)
class Place:
    """Where a patient lives: a real ZIP code, since distance and time zone hang on it."""

    city: str
    state: str
    postal_code: str


@dataclass(frozen=True)
class Invented:
    """One order as its clinician wrote it, in the words of no format."""

    number: str
    authored_at: datetime
    priority: Priority
    specialty: Specialty
    given: str
    family: str
    birth_date: date
    language: str
    place: Place
    phone: str | None
    email: str | None
    payer: str | None
    member_id: str
    has_diagnosis: bool
    requester_npi: str
    requester_family: str


SPECIALTIES: Final = (
    Specialty("207RC0000X", "183519002", "Referral to cardiology service", "I48.91", "Atrial fibrillation"),
    Specialty("207RE0101X", "306118006", "Referral to endocrinology service", "E11.65", "Type 2 diabetes"),
    Specialty("207X00000X", "306181000000106", "Referral to orthopaedic service", "M17.11", "Osteoarthritis, knee"),
    Specialty("2084N0400X", "183521007", "Referral to neurology service", "G43.909", "Migraine"),
    Specialty("207N00000X", "306124000", "Referral to dermatology service", "L40.0", "Psoriasis"),
    Specialty("207RG0100X", "306119003", "Referral to gastroenterology service", "K21.9", "Reflux disease"),
    Specialty("207Y00000X", "183525003", "Referral to ear, nose and throat service", "J32.9", "Chronic sinusitis"),
    Specialty("207RP1001X", "306123006", "Referral to respiratory medicine service", "J44.9", "COPD"),
    Specialty("207RN0300X", "306122001", "Referral to nephrology service", "N18.30", "Chronic kidney disease"),
    Specialty("2084P0800X", "183524004", "Referral to psychiatry service", "F41.1", "Generalized anxiety disorder"),
)
PLACES: Final = (
    Place("Boston", "MA", "02108"),
    Place("Chicago", "IL", "60601"),
    Place("Denver", "CO", "80202"),
    Place("Phoenix", "AZ", "85004"),
    Place("San Francisco", "CA", "94103"),
    Place("Honolulu", "HI", "96813"),
    Place("Miami", "FL", "33130"),
)
SELF_PAY: Final = "self-pay"
PAYERS: Final = (
    *(SELF_PAY, "Medicare", "Medicare", "Medicare", "Medicaid", "Medicaid", "Dual Eligible", "Harborlight Advantage"),
    *("Alder Valley Health Plan", "Alder Valley Health Plan", "Bluecedar Mutual", "Nowhereville Trust"),
)
"""The last is one that nobody has told authorization about."""
LANGUAGES: Final = ("en-US", "en-US", "en-US", "en-US", "en-US", "es", "es", "zh", "vi", "ht")
PRIORITIES: Final[tuple[Priority, ...]] = (*(("routine",) * 14), "urgent", "urgent", "urgent", "asap", "asap", "stat")
_GIVEN: Final = ("Ada", "Basil", "Carmen", "Dario", "Esme", "Fausto", "Greta", "Hugo", "Ines", "Jonah", "Kaia", "Leo")
_FAMILY: Final = ("Testerly", "Sampleson", "Mockwell", "Placeholdt", "Dummering", "Fakenham", "Specimena", "Exemplar")
_REQUESTERS: Final = (("1234567893", "Orderly"), ("1245319599", "Refersson"), ("1679576722", "Practiceford"))


def invent(chance: Random, number: str, start: datetime) -> Invented:
    """One whole order, written within the working day before `start`, or for STAT within its last hour."""
    priority = chance.choice(PRIORITIES)
    age = timedelta(minutes=chance.randrange(60 if priority == "stat" else 8 * 60))
    place = chance.choice(PLACES)
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
    npi, requester = chance.choice(_REQUESTERS)
    return Invented(
        number=number,
        authored_at=start - age,
        priority=priority,
        specialty=chance.choice(SPECIALTIES),
        given=given,
        family=family,
        birth_date=date(1940, 1, 1) + timedelta(days=chance.randrange(65 * 365)),
        language=chance.choice(LANGUAGES),
        place=place,
        phone=telephone_of(number),
        email=f"{given}.{family}@example.com".lower() if chance.random() < 0.6 else None,  # noqa: PLR2004
        payer=chance.choice(PAYERS),
        member_id=f"INV{chance.randrange(10**8):08}",
        has_diagnosis=True,
        requester_npi=npi,
        requester_family=requester,
    )
