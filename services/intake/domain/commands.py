"""The commands of a referral, from routes, from people, and from scheduling's facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.instruction import Withdrawal
from services.intake.domain.state import MatchOutcome, NumberRef, Terms
from services.intake.domain.whom import Whom
from shared.contracts.intake import AskedBy, Item, Outcome, ReportKind, ReviewOutcome
from shared.contracts.language import Audience, Command, Reason


@dataclass(frozen=True, kw_only=True)
class ReceiveReferral(Command):
    """Take an order in. `provided` names what it brings along; `fingerprint` tells the same order from another.

    `placed_by` is the EHR that it came from; None where a person wrote it down.
    `former_fingerprints` are as older keys and releases made it. Without a `pathway` a person chooses one.
    """

    referral_id: str
    fingerprint: str
    former_fingerprints: tuple[str, ...]
    patient_ref: str
    number: NumberRef
    terms: Terms
    pathway: str | None
    pathway_version: int
    seals: Mapping[Audience, str]
    provided: frozenset[Item]
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None
    placed_by: str | None = None
    parent: str | None = None
    """The keyed reference of what several orders were written in together."""


@dataclass(frozen=True, kw_only=True)
class RedirectOrder(Command):
    """The order of this name is the referral `to`."""

    to: str


@dataclass(frozen=True, kw_only=True)
class OrderWord(Command):
    """A later word about an order, by the EHR `placed_by`; None where a person brings it."""

    placed_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReviseOrder(OrderWord):
    """The order came again, and says something else.

    `supplied` were asked for and are there now, in `supplied_seals`; they were made of the seals that the referral had
    after `based_on` requests. `elements` are where it differs beside them, `seals` the whole of what came.
    The references are of those whom the order has told of since.
    """

    fingerprint: str
    terms: Terms
    seals: Mapping[Audience, str]
    elements: tuple[str, ...]
    supplied: tuple[Item, ...]
    supplied_seals: Mapping[Audience, str]
    based_on: int
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewOrder(Command):
    """A person has looked at how the order changed, up to version `order_version`."""

    order_version: int
    outcome: ReviewOutcome


@dataclass(frozen=True, kw_only=True)
class RevokeOrder(OrderWord):
    """The order counts no more: whoever placed it says so."""

    reason: Withdrawal


@dataclass(frozen=True, kw_only=True)
class HoldReferral(OrderWord):
    """Begin nothing new until the order is active again."""


@dataclass(frozen=True, kw_only=True)
class ResumeReferral(OrderWord):
    """The order is active again."""


@dataclass(frozen=True, kw_only=True)
class ChoosePathway(Command):
    """A person says which pathway the referral takes."""

    pathway: str
    pathway_version: int


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
    """The specialist reports. `document` is the sealed reference to the report.

    `whom` is what the door found out of whom it is about: all that is known of that here.
    """

    report_id: str
    kind: ReportKind
    visit_id: str | None
    fingerprint: str
    document: str
    former_fingerprints: tuple[str, ...] = ()
    whom: Whom = "unknown"


@dataclass(frozen=True, kw_only=True)
class MatchReport(Command):
    """A person says whether a report that was kept belongs to this referral; if not, for what `reason`."""

    report_id: str
    outcome: MatchOutcome
    reason: Reason | None = None


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
