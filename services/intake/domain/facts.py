"""What happens to a referral and is nobody else's business. What others hear is in `shared.contracts.intake`."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.state import Chosen, End, Report
from shared.contracts.intake import (
    ConsultReportReceived,
    InformationRequested,
    InformationSupplied,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralReceived,
    ReportAcknowledged,
)


@dataclass(frozen=True)
class ContentNoted:
    """What the order said, as a keyed fingerprint: enough to recognize it, and no more; and which EHR placed it."""

    fingerprint: str
    placed_by: str | None = None


@dataclass(frozen=True)
class StepHandedOn:
    """Whoever was waited for did not act in time, or could not be asked: a coordinator takes over."""

    at: datetime


@dataclass(frozen=True)
class ChoiceNoted:
    """Who shall see the patient is another than was known."""

    chosen: Chosen


@dataclass(frozen=True)
class VisitHeld:
    """A visit stands under the order, which therefore does not expire by the clock."""

    visit_id: str


@dataclass(frozen=True)
class VisitReleased:
    """No visit stands any more."""


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
class ReportUndeliverable:
    """No program can bring the report to the referring clinician."""

    report_id: str
    at: datetime


@dataclass(frozen=True)
class EndChosen:
    """How the referral will end once it is wound down."""

    end: End


Told = (
    ReferralReceived
    | InformationRequested
    | InformationSupplied
    | ReferralFoundComplete
    | ReferralCancelled
    | ConsultReportReceived
    | ReportAcknowledged
    | ReferralClosed
)
Private = (
    ContentNoted
    | StepHandedOn
    | ChoiceNoted
    | VisitHeld
    | VisitReleased
    | PatientSeen
    | ReportFiled
    | ReportUndeliverable
    | EndChosen
)
IntakeFact = Told | Private
