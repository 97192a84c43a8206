"""The facts that intake publishes: a referral came in, is complete, was cancelled, was answered, is closed."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.language import Audience, Fact, Priority, Reason
from shared.contracts.vocabulary import Open

Outcome = Literal[
    "completed",
    "seen_no_report",
    "care_elsewhere",
    "cancelled_by_referrer",
    "patient_declined",
    "unreachable",
    "not_covered",
    "denied_final",
    "no_provider",
    "order_expired",
    "superseded",
    "entered_in_error",
    "deceased",
]
ReportKind = Literal["final", "interim", "addendum"]
Item = Literal["diagnosis", "contact", "coverage", "requester", "service", "records", "birth_date", "name"]
ReviewOutcome = Literal["kept", "reordered", "taken_over"]
AskedBy = Literal["referrer", "patient", "payer", "specialist", "system"]
AskedOf = Literal["referrer", "patient"]
MatchedBy = Literal["referral_id", "visit_id", "order_number", "person"]


class ReferralReceived(Fact):
    """A referral was taken in. `seals` holds a JWE per audience; `pathway` is an opaque token of what is asked for.

    Keyed references, the same for the same one within a tenant, None where the order does not say: `requester_ref` of
    the ordering clinician's NPI, `organization_ref` of the practice that ordered, `network_ref` of the plan that the
    patient is said to have.

    A `pathway_version` of 0 means that the pathway is not known yet: `PathwayChosen` will name it, before
    `ReferralFoundComplete`. No visit may be before `not_before`.
    """

    TYPE: ClassVar[str] = "org.throughline.referral.received"

    referral_id: str
    patient_ref: str
    priority: Priority
    authored_at: AwareDatetime
    needed_by: AwareDatetime
    order_expires_at: AwareDatetime
    pathway: str
    pathway_version: int
    seals: dict[Open[Audience], str]
    parent: str | None = None
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None
    not_before: AwareDatetime | None = None


class InformationRequested(Fact):
    """Something that the referral cannot go on without was asked for."""

    TYPE: ClassVar[str] = "org.throughline.referral.information-requested"

    referral_id: str
    request_id: str
    items: tuple[Open[Item], ...]
    asked_of: Open[AskedOf]


class InformationSupplied(Fact):
    """What was asked for came. `seals` holds the groups that changed, sealed anew; references are there if they did."""

    TYPE: ClassVar[str] = "org.throughline.referral.information-supplied"

    referral_id: str
    request_id: str
    items: tuple[Open[Item], ...]
    seals: dict[Open[Audience], str]
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None


class ReferralFoundComplete(Fact):
    """Nothing is missing: the provider may be chosen and coverage verified."""

    TYPE: ClassVar[str] = "org.throughline.referral.found-complete"

    referral_id: str


class PathwayChosen(Fact):
    """A person said which pathway the referral takes, which the order did not tell. `priority` is the order's."""

    TYPE: ClassVar[str] = "org.throughline.referral.pathway-chosen"

    referral_id: str
    pathway: str
    pathway_version: int
    priority: Open[Priority]


class OrderChanged(Fact):
    """The same order came again and says something else, or was revoked after the visit: a person looks at it.

    `order_version` counts what came, from 2 on. `elements` are JSON pointers into an order of ours, never values.
    """

    TYPE: ClassVar[str] = "org.throughline.referral.order-changed"

    referral_id: str
    order_version: int
    elements: tuple[str, ...]


class OrderReviewed(Fact):
    """A person looked at how an order had changed: kept as it was, to be ordered anew, or taken over by hand."""

    TYPE: ClassVar[str] = "org.throughline.referral.order-reviewed"

    referral_id: str
    order_version: int
    outcome: Open[ReviewOutcome]


class ReferralHeld(Fact):
    """The order is on hold: nothing new is begun, what stands is kept, and no due time moves."""

    TYPE: ClassVar[str] = "org.throughline.referral.held"

    referral_id: str


class ReferralResumed(Fact):
    """The order is on hold no more."""

    TYPE: ClassVar[str] = "org.throughline.referral.resumed"

    referral_id: str


class ReferralCancelled(Fact):
    """The referral is not wanted any more: every service gives back what it holds for it."""

    TYPE: ClassVar[str] = "org.throughline.referral.cancelled"

    referral_id: str
    asked_by: Open[AskedBy]
    reason: Reason


class ConsultReportReceived(Fact):
    """A report of the specialist came and was matched to this referral."""

    TYPE: ClassVar[str] = "org.throughline.referral.consult-report-received"

    referral_id: str
    report_id: str
    visit_id: str | None = None
    kind: Open[ReportKind]
    matched_by: Open[MatchedBy]


class ReportAcknowledged(Fact):
    """The referring clinician has seen the report."""

    TYPE: ClassVar[str] = "org.throughline.referral.report-acknowledged"

    referral_id: str
    report_id: str


class ReferralClosed(Fact):
    """The loop is closed, or was given up for a coded reason. `evidence_ref` names what proves the outcome."""

    TYPE: ClassVar[str] = "org.throughline.referral.closed"

    referral_id: str
    outcome: Open[Outcome]
    evidence_ref: str | None = None
    reason: Reason | None = None


FACTS: tuple[type[Fact], ...] = (
    ReferralReceived,
    InformationRequested,
    InformationSupplied,
    PathwayChosen,
    ReferralFoundComplete,
    OrderChanged,
    OrderReviewed,
    ReferralHeld,
    ReferralResumed,
    ReferralCancelled,
    ConsultReportReceived,
    ReportAcknowledged,
    ReferralClosed,
)
