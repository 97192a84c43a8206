"""What the seals hold: patient data, one model per audience.

Only the services of an audience have its key, and open it at the moment of use (ADR 6). None of
these values may appear in a fact, a key, a log, an error or a URL.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.language import Word


class Contact(Word):
    """How to reach the patient. `language` is a BCP 47 tag, `phone` E.164, `timezone` an IANA zone."""

    given: str
    family: str
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None
    language: str = "en-US"
    timezone: str = "America/New_York"
    prefers: Literal["sms", "email"] = "sms"


class Coding(Word):
    """A code of a named system, as FHIR writes it."""

    system: str
    code: str
    text: str | None = None


class Clinical(Word):
    """Why the patient is referred."""

    service: Coding
    diagnoses: tuple[Coding, ...] = ()
    reason_text: str | None = None
    notes: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


class Policy(Word):
    """One insurance policy of the patient; rank 1 pays first."""

    rank: int = 1
    payer_name: str
    member_id: str | None = None
    plan: str | None = None


class CoverageDetails(Word):
    """The patient's policies, in the order in which they pay."""

    policies: tuple[Policy, ...] = ()


class Logistics(Word):
    """What matters for finding a visit that the patient can reach."""

    postal_code: str | None = None
    mobility: str | None = None
    availability: str | None = None


class VisitDetails(Word):
    """The visit itself. `start` carries its UTC offset; `timezone` is the site's IANA zone."""

    start: AwareDatetime
    minutes: int
    timezone: str
    site_name: str
    site_address: str
    practitioner_name: str
    phone: str
