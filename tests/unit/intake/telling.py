"""One referral for the tests of intake's domain, and short ways to say what happens to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.domain import (
    AcknowledgeReport,
    CancelReferral,
    ChoosePathway,
    CloseReferral,
    HoldForVisit,
    HoldReferral,
    MatchReport,
    NoteChoice,
    ReceiveReferral,
    RecordReport,
    RecordVisit,
    Referral,
    ReleaseVisit,
    ResumeReferral,
    ReviewOrder,
    ReviseOrder,
    RevokeOrder,
    SupplyInformation,
    Terms,
    request_id,
)
from services.intake.domain.content import TERMS
from services.intake.domain.instruction import Withdrawal
from services.intake.domain.receiving import REQUIRED
from services.intake.domain.state import MatchOutcome, NumberRef
from services.intake.store import REFERRAL
from shared.contracts.intake import AskedBy, Item, Outcome, ReportKind, ReviewOutcome
from shared.contracts.language import Actor, EffectNeedsPerson, Reason, Tick
from tests.support.given import given
from tests.support.tasks import only

ID = "demo-aaaaaaaaaaaaaaaaaaaaaaaaaa"
MONDAY = datetime(2026, 4, 6, 14, 0, tzinfo=UTC)
"""10:00 in New York, weeks away from any holiday and any change of the clocks."""
BY = Actor(kind="person", id="casey.coordinator")
WHY = Reason(system="throughline", code="duplicate-order")


def at(days: float = 0, hours: float = 0) -> datetime:
    """That long after Monday."""
    return MONDAY + timedelta(days=days, hours=hours)


_SOON = at(hours=1)
_DAY = [at(n) for n in range(12)]


def _who(when: datetime, **more: Any) -> dict[str, Any]:
    return {"at": when, "by": BY, "channel": "api", **more}


def receive(when: datetime = MONDAY, *, missing: tuple[Item, ...] = (), **changes: Any) -> ReceiveReferral:
    """A whole routine order, written the moment it came, unless said otherwise."""
    order: dict[str, Any] = {
        "referral_id": ID,
        "fingerprint": "content-1",
        "patient_ref": "demo-p1",
        "number": NumberRef("demo-s1", ID),
        "former_fingerprints": ("former-1",),
        "pathway": "pw-1",
        "pathway_version": 1,
        "seals": {"contact": "sealed-contact", "clinical": "sealed-clinical"},
        "provided": frozenset(item for item in REQUIRED if item not in missing),
    }
    said: dict[str, Any] = {"priority": "routine", "authored_at": when}
    said |= {name: changes.pop(name) for name in TERMS if name in changes}
    terms = Terms(**said)
    return ReceiveReferral(**_who(when), terms=terms, **{**order, **changes})


def revise(
    *elements: str, fingerprint: str = "content-2", supplied: tuple[Item, ...] = (), when: datetime = _DAY[1]
) -> ReviseOrder:
    """The order again, which differs at these elements."""
    return ReviseOrder(
        **_who(when),
        fingerprint=fingerprint,
        terms=Terms("routine", MONDAY),
        seals={"contact": f"sealed-{fingerprint}"},
        elements=elements,
        supplied=supplied,
        supplied_seals={"coverage": "sealed-anew"} if supplied else {},
        based_on=1,
    )


def look(version: int = 2, outcome: ReviewOutcome = "kept", when: datetime = _DAY[2]) -> ReviewOrder:
    """A person has looked at how the order changed."""
    return ReviewOrder(**_who(when), order_version=version, outcome=outcome)


def revoke(reason: Withdrawal = "revoked", when: datetime = _DAY[3]) -> RevokeOrder:
    """The order counts no more."""
    return RevokeOrder(**_who(when), reason=reason)


def on_hold(when: datetime = _DAY[1]) -> HoldReferral:
    """The order is on hold."""
    return HoldReferral(**_who(when))


def active_again(when: datetime = _DAY[2]) -> ResumeReferral:
    """And active again."""
    return ResumeReferral(**_who(when))


def choose_pathway(pathway: str = "pw-2", when: datetime = _DAY[1]) -> ChoosePathway:
    """A person says which pathway it takes."""
    return ChoosePathway(**_who(when), pathway=pathway, pathway_version=1)


def supply(*items: Item, n: int = 1, based_on: int = 0, when: datetime = _SOON) -> SupplyInformation:
    """An answer to the nth request, made of the seals after that request unless said otherwise."""
    answer: dict[str, Any] = {"request_id": request_id(ID, n), "based_on": based_on or n, "items": items}
    return SupplyInformation(**_who(when), **answer, seals={"coverage": "sealed-anew"})


def hold(visit_id: str = "v1", when: datetime = _DAY[1]) -> HoldForVisit:
    """A visit is booked."""
    return HoldForVisit(**_who(when), visit_id=visit_id)


def release(visit_id: str = "v1", when: datetime = _DAY[2]) -> ReleaseVisit:
    """A visit is cancelled or missed."""
    return ReleaseVisit(**_who(when), visit_id=visit_id)


def visit(visit_id: str = "v1", when: datetime = _DAY[7]) -> RecordVisit:
    """The patient is seen."""
    return RecordVisit(**_who(when), visit_id=visit_id, seen_at=when)


def choose(when: datetime = MONDAY) -> NoteChoice:
    """Scheduling chooses who shall see the patient."""
    return NoteChoice(**_who(when), choice=1, provider_ref="pr-near", site_ref="st-north")


def report(
    report_id: str = "r1", kind: ReportKind = "final", when: datetime = _DAY[9], content: str = "", **more: Any
) -> RecordReport:
    """The specialist reports, of no visit, and says too little to tell of whom."""
    said = {"visit_id": None, "fingerprint": content or f"{report_id}-{kind}", "document": "sealed-document", **more}
    return RecordReport(**_who(when), report_id=report_id, kind=kind, **said)


def match(report_id: str = "r1", outcome: MatchOutcome = "applies", when: datetime = _DAY[10]) -> MatchReport:
    """A person says whether a report that was kept belongs here."""
    return MatchReport(
        **_who(when), report_id=report_id, outcome=outcome, reason=WHY if outcome == "belongs_elsewhere" else None
    )


def acknowledge(report_id: str = "r1", when: datetime = _DAY[10]) -> AcknowledgeReport:
    """The referring clinician has read it."""
    return AcknowledgeReport(**_who(when), report_id=report_id)


def cancel(
    asked_by: AskedBy = "referrer", when: datetime = _DAY[3], reason: Reason = WHY, by: Actor = BY
) -> CancelReferral:
    """The referral is not wanted any more."""
    return CancelReferral(**_who(when, by=by), asked_by=asked_by, reason=reason)


def close(outcome: Outcome = "unreachable", when: datetime = _DAY[4], parked: tuple[str, ...] = ()) -> CloseReferral:
    """Somebody gives up."""
    return CloseReferral(**_who(when, parked=parked), outcome=outcome, reason=WHY)


def tick(when: datetime) -> Tick:
    """The clock."""
    return Tick(**_who(when))


def undone(kind: str, revision: int = 1, when: datetime = _SOON) -> EffectNeedsPerson:
    """A program can do no more for a call."""
    return EffectNeedsPerson(**_who(when), kind=kind, effect_revision=revision, in_doubt=False)


def chosen(*history: Any) -> tuple[Any, ...]:
    """The history in which somebody was chosen to see the patient as soon as the order was there."""
    return history[0], choose(history[0].at), *history[1:]


def referral(*history: Any) -> Referral:
    """The referral after this history; somebody was chosen to see the patient at once."""
    return as_told(*chosen(*history))


def as_told(*history: Any) -> Referral:
    """The referral after this history and nothing else."""
    state = given(REFERRAL, *history)
    assert isinstance(state, Referral)
    return state


def step_of(*history: Any) -> tuple[str, str, datetime] | None:
    """Act, owner and due time after this history."""
    task = only(REFERRAL.tasks(referral(*history)))
    return (task.act, task.owner, task.due_at) if task else None


def outcome_after(*history: Any) -> Outcome | None:
    """How it was closed; None while it is open."""
    state = referral(*history)
    return state.end.outcome if state.is_closed and state.end else None


def owed_of(*history: Any) -> list[tuple[str, int]]:
    """Kind and revision of what is wanted outside."""
    return [(effect.kind, effect.revision) for effect in REFERRAL.wanted_effects(referral(*history))]


OPEN = {
    "awaiting_information": (receive(missing=("coverage",)),),
    "in_progress": (receive(),),
    "awaiting_report": (receive(), visit(when=at(1))),
    "awaiting_acknowledgement": (receive(), report(when=at(2))),
}
"""A history per situation in which somebody outside may change their mind."""
