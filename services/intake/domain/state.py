"""What intake knows of one referral. Values only; patient data is in the seals, which nothing here opens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.intake import Item, Outcome, ReportKind
from shared.contracts.language import Audience, Priority, Reason, Task

Situation = Literal[
    "received",
    "awaiting_information",
    "in_progress",
    "awaiting_report",
    "awaiting_acknowledgement",
    "winding_down",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """No such referral was taken in."""

    situation: Literal["absent"] = "absent"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of the referring clinician, and under which id."""

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


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who shall see the patient, and where, as scheduling chose for the `choice`th time; opaque references."""

    choice: int
    provider_ref: str
    site_ref: str


@dataclass(frozen=True, slots=True)
class End:
    """How it is to end, or has ended, and why."""

    outcome: Outcome
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral.

    `task` is what its situation waits for; if `is_armed`, the clock hands it on when it is overdue. `visit_id` is the
    visit that is booked now, `seen_at_visit` the one at which the patient was seen, `chosen` the provider that counts.
    """

    situation: Situation
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

    @property
    def is_closed(self) -> bool:
        """Whether the loop is closed or was given up."""
        return self.situation == "closed"

    @property
    def evidence_of_care(self) -> str | None:
        """What proves that the patient was seen: the visit, else the first report."""
        return self.seen_at_visit or next((report.report_id for report in self.reports), None)

    @property
    def final_report(self) -> Report | None:
        """The final report that counts: the last."""
        return next((report for report in reversed(self.reports) if report.kind == "final"), None)

    def report(self, report_id: str) -> Report | None:
        """The report of this id."""
        return next((report for report in self.reports if report.report_id == report_id), None)


State = Annotated[Absent | Referral, Field(discriminator="situation")]
INITIAL = Absent()
