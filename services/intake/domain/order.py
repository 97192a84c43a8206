"""An order in our own words, whichever door it came by. What counts as the same order is decided in `content`.

The only part of the domain that sees patient data: it is made at a door, sealed there, and never rests.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime

from shared.contracts.intake import Item
from shared.contracts.language import Priority, Word
from shared.contracts.sealed import (
    Clinical,
    Coding,
    Contact,
    Content,
    CoverageDetails,
    Logistics,
    Particulars,
    Policy,
)

UNKNOWN_SERVICE: Final = Coding(system="http://terminology.hl7.org/CodeSystem/data-absent-reason", code="unknown")

_CENTURY: Final = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Instant = Annotated[AwareDatetime, AfterValidator(lambda instant: instant.astimezone(UTC))]


def is_of_this_century(instant: datetime) -> bool:
    """Whether an order can speak of this instant. Systems write 0001 and 9999 for what they do not know."""
    first, last = _CENTURY
    return first <= instant < last


class Identifier(Word):
    """A number and who gave it out."""

    system: str
    value: str


class Requester(Word):
    """Who ordered it."""

    npi: str | None = None
    name: str | None = None
    organization: str | None = None


class ClinicalWithOrigin(Clinical):
    """What intake seals for the clinical audience: also whose order it is, and what the referring side calls it."""

    requester: Requester | None = None
    order: Identifier
    mrn: Identifier


class Order(Word):
    """One order for one service. `number` is of the source system that placed it, `mrn` of the patient there.

    `aliases` are its other names: the filler's number, the server's id, the message's. Each leads to the same referral.
    Orders that were written together share a `requisition`; each is a referral of its own.
    Where the order says a day only, `needed_by` is its beginning and `needed_day_ends` its end. No visit may be before
    `not_before`.
    """

    number: Identifier
    aliases: tuple[Identifier, ...] = ()
    requisition: Identifier | None = None
    mrn: Identifier
    priority: Priority
    authored_at: Instant
    needed_by: Instant | None = None
    needed_day_ends: Instant | None = None
    not_before: Instant | None = None
    expires_at: Instant | None = None
    service: Coding | None = None
    requester: Requester | None = None
    contact: Contact
    diagnoses: tuple[Coding, ...] = ()
    reason_text: str | None = None
    notes: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    body_sites: tuple[str, ...] = ()
    instructions: str | None = None
    policies: tuple[Policy, ...] = ()
    is_self_pay: bool = False
    logistics: Logistics = Logistics()

    @property
    def names(self) -> tuple[Identifier, ...]:
        """Everything that the order is known by, the number it was placed under first."""
        return tuple(dict.fromkeys((self.number, *self.aliases)))

    @property
    def needed_until(self) -> datetime | None:
        """By when the patient must be seen: a day that the order names is among those that will do."""
        return self.needed_day_ends or self.needed_by

    @property
    def clinical(self) -> ClinicalWithOrigin:
        """The content of the clinical seal."""
        return ClinicalWithOrigin(
            service=self.service or UNKNOWN_SERVICE,
            diagnoses=self.diagnoses,
            reason_text=self.reason_text,
            notes=self.notes,
            attachments=self.attachments,
            details=self.details,
            body_sites=self.body_sites,
            instructions=self.instructions,
            requester=self.requester,
            order=self.number,
            mrn=self.mrn,
        )

    @property
    def provided(self) -> frozenset[Item]:
        """The items of the order that a referral may need."""
        return frozenset(self._provided())

    def _provided(self) -> Iterator[Item]:
        if self.diagnoses:
            yield "diagnosis"
        if self.contact.phone or self.contact.email:
            yield "contact"
        if self.policies or self.is_self_pay:
            yield "coverage"
        if self.requester:
            yield "requester"
        if self.service:
            yield "service"
        if self.contact.given or self.contact.family:
            yield "name"
        if self.contact.birth_date:
            yield "birth_date"

    @property
    def coverage(self) -> CoverageDetails:
        """The content of the coverage seal."""
        return CoverageDetails(policies=self.policies)

    @property
    def wishes(self) -> Logistics:
        """The content of the logistics seal."""
        said = Particulars(details=self.details, body_sites=self.body_sites, instructions=self.instructions)
        # What says nothing is not paid for in each copy of the seal.
        return self.logistics if said == Particulars() else self.logistics.model_copy(update={"particulars": said})

    @property
    def former_content(self) -> bytes:
        """The content as compared by releases before `content`; nothing new belongs here."""
        counted = self.model_dump(mode="json", exclude=_DID_NOT_COUNT, exclude_defaults=True)
        return json.dumps(counted, sort_keys=True, separators=(",", ":")).encode()


_DID_NOT_COUNT: Final[dict[str, Any]] = {
    "aliases": True,
    "requisition": True,
    "not_before": True,
    "details": True,
    "body_sites": True,
    "instructions": True,
    "needed_day_ends": True,  # derived from the day, which counts by its beginning
    "service": {"text"},
    "diagnoses": {"__all__": {"text"}},
    "requester": {"name", "organization"},
    "contact": {"timezone", "timezones", "may_text", "phone_extension", "phone_of"},
    "policies": {
        "__all__": {"group", "payer_id", "subscriber_id", "subscriber", "relationship", "dependent"},
    },
    "logistics": {"wanted_performers", "wanted_locations", "particulars"},
}


class ReportDocument(Content):
    """Where a report of the specialist is to be found; sealed, since addresses of documents name patients."""

    sealed_as = "report"

    document_ref: str
