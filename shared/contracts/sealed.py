"""What the seals hold: patient data, one model per audience.

Only the services of an audience have its key, and open it at the moment of use (ADR 6). None of
these values may appear in a fact, a key, a log, an error or a URL.
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.language import Word


class Content(Word):
    """What a seal holds as a whole. A seal names what it holds, and opens as nothing else; names never change."""

    sealed_as: ClassVar[str]


class Contact(Content):
    """How to reach the patient. `language` is a BCP 47 tag, `phone` E.164, `timezone` an IANA zone.

    Who has one name only has it as `family`. Where it is not known which of several zones it is, `timezones` has them
    all. `phone_of` is the relation of whose telephone it is, if it is not the patient's own (`parent`). A text message
    is no way where `may_text` is false: behind a switchboard, or where no hour is known to be lawful.
    """

    sealed_as = "contact"

    given: str
    family: str
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None
    language: str = "en-US"
    timezone: str = "America/New_York"
    timezones: tuple[str, ...] = ()
    phone_extension: str | None = None
    phone_of: str | None = None
    may_text: bool = True
    prefers: Literal["sms", "email"] = "sms"


class Coding(Word):
    """A code of a named system, as FHIR writes it."""

    system: str
    code: str
    text: str | None = None


class Clinical(Content):
    """Why the patient is referred. `details` qualify the service, `instructions` are the patient's to follow."""

    sealed_as = "clinical"

    service: Coding
    diagnoses: tuple[Coding, ...] = ()
    reason_text: str | None = None
    notes: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    body_sites: tuple[str, ...] = ()
    instructions: str | None = None


class Policy(Word):
    """One insurance policy of the patient; rank 1 pays first.

    `payer_id` is the payer's own number (NAIC), `member_id` the patient's; `subscriber_id` where it is another.
    `subscriber` is whose policy it is, `relationship` what the patient is to them, and `dependent` the patient's number
    under theirs.
    """

    rank: int = 1
    payer_name: str
    member_id: str | None = None
    plan: str | None = None
    group: str | None = None
    payer_id: str | None = None
    subscriber_id: str | None = None
    subscriber: str | None = None
    relationship: str | None = None
    dependent: str | None = None


class CoverageDetails(Content):
    """The patient's policies, in the order in which they pay."""

    sealed_as = "coverage"

    policies: tuple[Policy, ...] = ()


class Particulars(Word):
    """What a visit is to be like, for whoever chooses it; the clinical seal says the same to whoever reads the order.

    `details` qualify the service, `instructions` are the patient's to follow.
    """

    details: tuple[str, ...] = ()
    body_sites: tuple[str, ...] = ()
    instructions: str | None = None


class Logistics(Content):
    """What matters for finding a visit that the patient can reach, and whom, where and what the order would like."""

    sealed_as = "logistics"

    postal_code: str | None = None
    mobility: str | None = None
    availability: str | None = None
    wanted_performers: tuple[str, ...] = ()
    wanted_locations: tuple[str, ...] = ()
    particulars: Particulars | None = None


class VisitDetails(Content):
    """The visit itself. `start` carries its UTC offset; `timezone` is the site's IANA zone."""

    sealed_as = "visit"

    start: AwareDatetime
    minutes: int
    timezone: str
    site_name: str
    site_address: str
    practitioner_name: str
    phone: str
