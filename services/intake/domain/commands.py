"""What may be asked of a referral: by its doors, by people, by what scheduling tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.intake import AskedBy, Item, Outcome, ReportKind
from shared.contracts.language import Audience, Command, Priority, Reason


@dataclass(frozen=True, kw_only=True)
class ReceiveReferral(Command):
    """Take an order in. `provided` names what it brings along; `fingerprint` tells the same order from another.

    `placed_by` is the EHR that it came from; None where a person wrote it down.
    """

    referral_id: str
    fingerprint: str
    patient_ref: str
    priority: Priority
    authored_at: datetime
    needed_by: datetime | None
    order_expires_at: datetime | None
    pathway: str
    pathway_version: int
    seals: Mapping[Audience, str]
    provided: frozenset[Item]
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None
    placed_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class SupplyInformation(Command):
    """Answer a request for information.

    `seals` are the groups of patient data that it changes, sealed anew; they were made of the seals that the referral
    had after `based_on` requests. So are the references, of those whom the order has told of since.
    """

    request_id: str
    based_on: int
    items: tuple[Item, ...]
    seals: Mapping[Audience, str]
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class NoteChoice(Command):
    """Scheduling chose who shall see the patient, for the `choice`th time."""

    choice: int
    provider_ref: str
    site_ref: str


@dataclass(frozen=True, kw_only=True)
class HoldForVisit(Command):
    """A visit was booked under the order."""

    visit_id: str


@dataclass(frozen=True, kw_only=True)
class ReleaseVisit(Command):
    """A visit will not take place, or did not."""

    visit_id: str


@dataclass(frozen=True, kw_only=True)
class RecordVisit(Command):
    """The patient was seen."""

    visit_id: str
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordReport(Command):
    """The specialist reports. `document` is the sealed reference to the report."""

    report_id: str
    kind: ReportKind
    visit_id: str | None
    fingerprint: str
    document: str


@dataclass(frozen=True, kw_only=True)
class AcknowledgeReport(Command):
    """The referring clinician has seen a report."""

    report_id: str


@dataclass(frozen=True, kw_only=True)
class CancelReferral(Command):
    """The referral is not wanted any more."""

    asked_by: AskedBy
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class CloseReferral(Command):
    """Somebody who may gives the referral up, and says how it ends."""

    outcome: Outcome
    reason: Reason
