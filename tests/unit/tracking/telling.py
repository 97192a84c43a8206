"""Facts of the four services as tracking hears them, numbered per service, and the people at the console."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.tracking.domain import INITIAL, Projection, RecordEnvelope, decide, evolve
from shared.contracts.authorization import AuthorizationApproved, AuthorizationSubmitted, CoverageVerified
from shared.contracts.catalogue import wire_type
from shared.contracts.envelope import Envelope, source_of
from shared.contracts.intake import (
    ConsultReportReceived,
    ReferralClosed,
    ReferralFoundComplete,
    ReferralReceived,
    ReportAcknowledged,
)
from shared.contracts.language import Actor, Command, Fact, Owner, Reason, Task
from shared.contracts.notifications import MessageDelivered, MessageSent
from shared.contracts.scheduling import ProviderAccepted, ProviderChosen, VisitBooked, VisitFulfilled

REFERRAL = "demo-abcdefghijklmnopqrstuvwxyz"
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
CASEY = Actor(kind="person", id="casey.coordinator")
LEE = Actor(kind="person", id="lee.leadwell")
BECAUSE = Reason(system="throughline", code="sample")


def step(act: str, owner: Owner, due_in_h: float = 24, queue: str = "coordination") -> Task:
    """A task that is due some hours after noon."""
    return Task.of(act, owner, queue, NOON + timedelta(hours=due_in_h))


def after(minutes: float = 0) -> datetime:
    """An instant after noon."""
    return NOON + timedelta(minutes=minutes)


@dataclass
class Telling:
    """Numbers what each service tells, as the services do. Facts need only say what is their own."""

    referral_id: str = REFERRAL
    told: dict[str, int] = field(default_factory=dict)

    def __call__(
        self,
        service: str,
        fact: type[Fact],
        next_: Task | tuple[Task, ...] | None = None,
        *,
        minutes: float = 0,
        sequence: int | None = None,
        **said: Any,
    ) -> RecordEnvelope:
        """The command that follows from hearing the service's next fact, `minutes` after noon."""
        number = sequence or self.told.get(service, 0) + 1
        self.told[service] = max(number, self.told.get(service, 0))
        told_by = Actor(kind="service", id=service)
        whole = fact(
            occurred_at=after(minutes),
            recorded_by=told_by,
            channel="kafka",
            **{"referral_id": self.referral_id, **said},
        ).with_tasks(next_ if isinstance(next_, tuple) else (next_,) if next_ else ())
        envelope = Envelope(
            source=source_of(self.referral_id.partition("-")[0], service),
            subject=self.referral_id,
            sequence=number,
            type=wire_type(fact),
            time=after(minutes),
        )
        return RecordEnvelope(
            at=after(minutes + 1),
            by=told_by,
            channel="kafka",
            envelope=envelope,
            fact=whole,
            value=whole.model_dump_json().encode(),
        )

    def received(self, next_: Task | tuple[Task, ...] | None = None, **said: Any) -> RecordEnvelope:
        """Intake took the referral in."""
        about = {
            "patient_ref": "pt-sample",
            "priority": "routine",
            "authored_at": NOON,
            "needed_by": NOON + timedelta(days=40),
            "order_expires_at": NOON + timedelta(days=180),
            "pathway": "pw-sample",
            "pathway_version": 1,
            "seals": {},
        }
        return self("intake", ReferralReceived, next_, **{**about, **said})


def fold(history: Iterable[Command], projection: Projection = INITIAL) -> Projection:
    """The track after a history."""
    for command in history:
        for fact in decide(command, projection):
            projection = evolve(projection, fact)
    return projection


def journey() -> dict[str, list[RecordEnvelope]]:
    """A whole referral by service, from intake to a closed loop."""
    tell = Telling()
    return {
        "intake": _intake(tell),
        "authorization": _authorization(tell),
        "scheduling": _scheduling(tell),
        "notifications": _notifications(tell),
    }


def _intake(tell: Telling) -> list[RecordEnvelope]:
    backstop = step("complete_referral", "coordinator", 24 * 40)
    acknowledge = step("acknowledge_report", "clinician", 72)
    report: dict[str, Any] = {"report_id": "rep-1", "kind": "final", "matched_by": "visit_id"}
    return [
        tell.received(backstop),
        tell("intake", ReferralFoundComplete, backstop, minutes=1),
        tell("intake", ConsultReportReceived, acknowledge, minutes=60, **report),
        tell("intake", ReportAcknowledged, minutes=70, report_id="rep-1"),
        tell("intake", ReferralClosed, minutes=70, outcome="completed", evidence_ref="rep-1"),
    ]


def _authorization(tell: Telling) -> list[RecordEnvelope]:
    case: dict[str, Any] = {"case_id": "case-1", "payer": "sample-health"}
    check: dict[str, Any] = {"check_id": "ck-1", "rank": 1, "line": "commercial", "valid_on": NOON.date()}
    due_at = after(5) + timedelta(days=7)
    clock: dict[str, Any] = {"received_by_payer_at": after(5), "decision_due_at": due_at, "urgency": "standard"}
    decide_, use = step("await_payer_decision", "payer", 168), step("use_authorization", "coordinator", 2000)
    return [
        tell("authorization", CoverageVerified, minutes=3, **check, **case),
        tell("authorization", AuthorizationSubmitted, decide_, minutes=5, request_id="rq-1", **clock, **case),
        tell("authorization", AuthorizationApproved, use, minutes=8, request_id="rq-1", items=(), **case),
    ]


def _scheduling(tell: Telling) -> list[RecordEnvelope]:
    place: dict[str, Any] = {"provider_ref": "prv-1", "site_ref": "site-1"}
    answer, attend = step("answer_specialist_request", "specialist", 48), step("attend_visit", "patient", 300)
    booked: dict[str, Any] = {"visit_id": "visit-1", "booked_by": "own", "seals": {}}
    return [
        tell("scheduling", ProviderChosen, answer, minutes=2, choice=1, scheduled_by="own", **place),
        tell("scheduling", ProviderAccepted, minutes=4, choice=1, **place),
        tell("scheduling", VisitBooked, attend, minutes=9, **booked, **place),
        tell("scheduling", VisitFulfilled, minutes=50, visit_id="visit-1", evidence="office"),
    ]


def _notifications(tell: Telling) -> list[RecordEnvelope]:
    told: dict[str, Any] = {"message_id": "msg-1", "about": "visit-1", "attempt": 1, "medium": "sms"}
    return [
        tell("notifications", MessageSent, minutes=10, kind="visit_booked", **told),
        tell("notifications", MessageDelivered, minutes=11, kind="visit_booked", **told),
    ]
