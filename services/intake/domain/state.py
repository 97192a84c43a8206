"""The state of one referral. Values only; patient data is inside seals, which nothing here opens."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.intake import Item, Outcome, ReportKind
from shared.contracts.language import Audience, Priority, Reason, Task

UNKNOWN_PATHWAY = "unknown"
"""In place of a pathway until a person has chosen one."""

Status = Literal[
    "received",
    "awaiting_information",
    "awaiting_pathway",
    "in_progress",
    "awaiting_report",
    "awaiting_acknowledgement",
    "winding_down",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """No order was received."""

    situation: Literal["absent"] = "absent"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another name of an order: its referral is under `to`."""

    to: str
    situation: Literal["elsewhere"] = "elsewhere"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order says outside its groups of patient data, exactly as it says it: None where it does not."""

    priority: Priority
    authored_at: datetime
    needed_by: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NumberRef:
    """An order number and its issuer, both keyed: only equality can be learnt."""

    system_ref: str
    ref: str


@dataclass(frozen=True, slots=True)
class OrderVersion:
    """A later version of the order, sealed. `elements` are where it differs from what is acted on.

    Nothing of it counts yet: a person decides, and what was decided is `reviewed`.
    """

    number: int
    fingerprint: str
    received_at: datetime
    terms: Terms
    seals: dict[Audience, str]
    elements: tuple[str, ...]


ReviewCause = Literal["order-changed", "authorization-may-be-void", "order-revoked"]


@dataclass(frozen=True, slots=True)
class Review:
    """What a coordinator has to look at: versions up to `order_version`, since when, and what makes it matter."""

    order_version: int
    cause: ReviewCause
    elements: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the referring clinician: the items asked for, and its id."""

    request_id: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report of the specialist.

    `fingerprint` tells it from another under the same id, `document` is the sealed reference to it, and `deliver_by`
    is set when a person must bring it to the referring clinician.
    """

    report_id: str
    kind: ReportKind
    fingerprint: str
    document: str
    is_acknowledged: bool = False
    deliver_by: datetime | None = None


MatchCause = Literal["never-sent", "other-patient"]
MatchOutcome = Literal["applies", "belongs_elsewhere"]


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report that counts for nothing until a person has said whether it belongs here. `cause` says why.

    `visit_id` is the visit that it names, `set_aside` why a person found that it does not belong here.
    """

    report: Report
    visit_id: str | None
    cause: MatchCause
    since: datetime
    set_aside: Reason | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The provider and site that scheduling chose for the `choice`th time; opaque references."""

    choice: int
    provider_ref: str
    site_ref: str


@dataclass(frozen=True, slots=True)
class End:
    """The outcome of the referral and its reason, planned or final."""

    outcome: Outcome
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral.

    `task` is what its situation waits for; if `is_armed`, the clock hands it on when it is overdue. `visit_id` is the
    visit that is booked now, `seen_at_visit` the one at which the patient was seen, `chosen` the provider that counts.

    `terms` are the order's own, None in a referral of a release that did not keep them; `numbers` those that it was
    placed under. `fingerprints` are of what came and changed nothing, `versions` what came and did. `held_at` is since
    when the order is on hold, `holds` how often. `is_revoked`: whoever placed the order takes it back, after the visit.
    `kept_reports` wait for a person, or were set aside by one.
    """

    situation: Status
    referral_id: str
    fingerprint: str
    patient_ref: str
    priority: Priority
    authored_at: datetime
    needed_by: datetime
    order_expires_at: datetime
    pathway: str
    seals: dict[Audience, str]
    task: Task
    is_armed: bool = False
    missing: tuple[Item, ...] = ()
    requests: tuple[Request, ...] = ()
    reports: tuple[Report, ...] = ()
    visit_id: str | None = None
    seen_at_visit: str | None = None
    end: End | None = None
    chosen: Chosen | None = None
    requester_ref: str | None = None
    organization_ref: str | None = None
    network_ref: str | None = None
    placed_by: str | None = None
    received_at: datetime | None = None
    terms: Terms | None = None
    numbers: tuple[NumberRef, ...] = ()
    fingerprints: tuple[str, ...] = ()
    versions: tuple[OrderVersion, ...] = ()
    last_version: int = 1
    review: Review | None = None
    held_at: datetime | None = None
    holds: int = 0
    is_revoked: bool = False
    kept_reports: tuple[KeptReport, ...] = ()

    def may_be(self, patient_refs: Collection[str], numbers: Collection[NumberRef]) -> bool:
        """Whether an order of this patient and number may be this one, where another name says that it is.

        Each as by every live key. A server's id may be given twice. Who places orders gives each one number: two
        numbers are two orders.
        """
        systems, refs = {number.system_ref for number in numbers}, {number.ref for number in numbers}
        others = (known for known in self.numbers if known.system_ref in systems)
        return self.patient_ref in patient_refs and all(known.ref in refs for known in others)

    def knows(self, *fingerprints: str) -> bool:
        """Whether an order with one of these fingerprints was received before."""
        kept = {self.fingerprint, *self.fingerprints, *(version.fingerprint for version in self.versions)}
        return not kept.isdisjoint(fingerprints)

    @property
    def has_pathway(self) -> bool:
        """Whether the pathway is known."""
        return self.pathway != UNKNOWN_PATHWAY

    @property
    def is_over(self) -> bool:
        """Whether the referral has ended, or is winding down."""
        return self.situation in {"winding_down", "closed"}

    @property
    def is_closed(self) -> bool:
        """Whether the referral is closed, with or without a report."""
        return self.situation == "closed"

    @property
    def evidence_of_care(self) -> str | None:
        """The evidence that the patient was seen: the visit, else the first report."""
        return self.seen_at_visit or next((report.report_id for report in self.reports), None)

    @property
    def final_report(self) -> Report | None:
        """The final report that counts: the last."""
        return next((report for report in reversed(self.reports) if report.kind == "final"), None)

    def report(self, report_id: str) -> Report | None:
        """The report of this id."""
        return next((report for report in self.reports if report.report_id == report_id), None)

    def kept_report(self, report_id: str) -> KeptReport | None:
        """The report of this id that is kept for a person, or was set aside."""
        return next((kept for kept in self.kept_reports if kept.report.report_id == report_id), None)


State = Annotated[Absent | Redirect | Referral, Field(discriminator="situation")]
INITIAL = Absent()
