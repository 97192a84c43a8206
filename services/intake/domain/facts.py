"""The private facts of a referral. Those that are published are in `shared.contracts.intake`."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.state import Chosen, End, KeptReport, NumberRef, OrderVersion, Report, Review, Terms
from shared.contracts.intake import (
    ConsultReportReceived,
    InformationRequested,
    InformationSupplied,
    OrderChanged,
    OrderReviewed,
    PathwayChosen,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralHeld,
    ReferralReceived,
    ReferralResumed,
    ReportAcknowledged,
)
from shared.contracts.language import Reason


@dataclass(frozen=True)
class ContentNoted:
    """What the order said, as a keyed fingerprint: enough to recognize it, and no more; and which EHR placed it.

    `terms` are the first's.
    """

    fingerprint: str
    terms: Terms | None = None
    placed_by: str | None = None


@dataclass(frozen=True)
class NumberNoted:
    """A number that the order was placed under, perhaps after it was known by another name."""

    number: NumberRef


@dataclass(frozen=True)
class OrderRedirected:
    """The name is another one of an order whose referral is under `to`."""

    to: str


@dataclass(frozen=True)
class OrderVersionKept:
    """A later version of the order is kept, sealed."""

    version: OrderVersion


@dataclass(frozen=True)
class ReviewWanted:
    """A person shall look at how the order has changed."""

    review: Review


@dataclass(frozen=True)
class PathwayAwaited:
    """Nothing is missing but the pathway, which a person chooses."""

    at: datetime


@dataclass(frozen=True)
class StepHandedOn:
    """Somebody did not act in time, or could not be asked: a coordinator takes over."""

    at: datetime


@dataclass(frozen=True)
class ChoiceNoted:
    """Another provider than before shall see the patient."""

    chosen: Chosen


@dataclass(frozen=True)
class VisitHeld:
    """The order has a visit, and therefore does not expire by the clock."""

    visit_id: str


@dataclass(frozen=True)
class VisitReleased:
    """The order has no visit any more."""


@dataclass(frozen=True)
class PatientSeen:
    """The visit took place, whatever was thought of the referral before."""

    visit_id: str
    at: datetime


@dataclass(frozen=True)
class ReportFiled:
    """A report is kept, so that it can be delivered."""

    report: Report


@dataclass(frozen=True)
class ReportKept:
    """A report came that may be somebody else's: a person says whether it belongs here."""

    kept: KeptReport


@dataclass(frozen=True)
class ReportMatched:
    """A report that was kept belongs here."""

    report_id: str


@dataclass(frozen=True)
class ReportSetAside:
    """A report that was kept does not belong here."""

    report_id: str
    reason: Reason


@dataclass(frozen=True)
class ReportUndeliverable:
    """No program can bring the report to the referring clinician."""

    report_id: str
    at: datetime


@dataclass(frozen=True)
class EndChosen:
    """How the referral will end once it is wound down."""

    end: End


PublishedFact = (
    ReferralReceived
    | InformationRequested
    | InformationSupplied
    | PathwayChosen
    | ReferralFoundComplete
    | OrderChanged
    | OrderReviewed
    | ReferralHeld
    | ReferralResumed
    | ReferralCancelled
    | ConsultReportReceived
    | ReportAcknowledged
    | ReferralClosed
)
Private = (
    ContentNoted
    | NumberNoted
    | OrderRedirected
    | OrderVersionKept
    | ReviewWanted
    | PathwayAwaited
    | StepHandedOn
    | ChoiceNoted
    | VisitHeld
    | VisitReleased
    | PatientSeen
    | ReportFiled
    | ReportKept
    | ReportMatched
    | ReportSetAside
    | ReportUndeliverable
    | EndChosen
)
IntakeFact = PublishedFact | Private
