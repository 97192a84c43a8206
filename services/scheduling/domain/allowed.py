"""Lists the commands that would have an effect now. It asks `decide`, so that buttons and server never disagree."""

from datetime import datetime, timedelta
from typing import Any

from services.scheduling.domain import commands as c
from services.scheduling.domain.decide import decide
from services.scheduling.domain.state import Candidate, Placement, Slot
from shared.contracts.language import Actor, Command, Reason
from shared.errors import Rejected

_ANY_REASON = Reason(system="throughline", code="any")
_SOON = timedelta(days=1)


def allowed(
    state: Placement,
    by: Actor,
    at: datetime,
    parked: tuple[str, ...] = (),
    providers: frozenset[str] | None = None,
) -> frozenset[str]:
    """Names of the commands, in snake case, that this person could send to some effect.

    `parked` is as in Command, `providers` as in VisitCommand.
    """
    who: dict[str, Any] = {"at": at, "by": by, "channel": "api", "parked": parked}
    of_visits = _of_visits(state, {**who, "providers": providers})
    probes = [*_probes(state, who).items(), *_answers(state, who), *of_visits]
    return frozenset(name for name, command in probes if _does_something(command, state))


def _does_something(command: Command, state: Placement) -> bool:
    try:
        return bool(decide(command, state))
    except Rejected:
        return False


def _probes(state: Placement, who: dict[str, Any]) -> dict[str, Command]:
    """One sample command for each kind that has one."""
    slot, other = _slot(state, who["at"]), Candidate("", "", is_in_house=True)
    return {
        "choose_provider": c.ChooseProvider(**who, candidate=other),
        "book_visit": c.BookVisit(**who, slot=slot, booked_by="external"),
    }


def _answers(state: Placement, who: dict[str, Any]) -> list[tuple[str, Command]]:
    """The answers of an office that was asked: yes, no, or a change of mind. A provider of our own was not asked."""
    choice = state.choice
    if choice is None or choice.answer_due_at is None:
        return []
    answers = (c.AnswerRequest(**who, choice=choice.number, is_accepted=accepts) for accepts in (True, False))
    return [("answer_request", answer) for answer in answers]


def _of_visits(state: Placement, who: dict[str, Any]) -> list[tuple[str, Command]]:
    """That the patient came may be said of any visit, also of one that was thought missed or cancelled.

    And of any visit, its office may have to be told. Each is asked about: visits are at different offices.
    """
    probes: list[tuple[str, Command]] = []
    for visit_id in (visit.visit_id for visit in state.visits):
        probes += [
            ("cancel_visit", c.CancelVisit(**who, visit_id=visit_id, reason=_ANY_REASON)),
            ("confirm_appointment", c.ConfirmAppointment(**who, visit_id=visit_id)),
            ("record_outcome", c.RecordOutcome(**who, visit_id=visit_id, outcome="fulfilled")),
        ]
    return probes


def _slot(state: Placement, at: datetime) -> Slot:
    """A time at the chosen provider, within the certified window if there is one."""
    provider_ref = state.choice.provider_ref if state.choice else ""
    items = state.leave.items_for(provider_ref)
    starts_at = at + _SOON
    on = items[0].window.start if items else starts_at.date()
    return Slot(provider_ref, "", "", starts_at, starts_at + _SOON, on)
