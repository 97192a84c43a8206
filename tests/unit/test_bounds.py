"""No document grows without end: whatever somebody repeats for ever is refused, or pushes out what was before."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import bson
import pytest

from services.authorization.store import CASE
from services.intake.domain import Referral
from services.intake.domain.state import NumberRef
from services.intake.store import REFERRAL
from services.notifications.store import CONVERSATION
from services.scheduling import domain as scheduling
from services.scheduling.store import PLACEMENT
from services.tracking.domain import AddNote
from services.tracking.store import TRACK
from shared.contracts.language import Command
from shared.engine import Decider
from shared.errors import Rejected
from tests.unit.authorization import words
from tests.unit.intake import telling
from tests.unit.notifications import talking
from tests.unit.scheduling import placing
from tests.unit.tracking.telling import CASEY, NOON, Telling, fold

ROUNDS = 240
LARGEST = 200 * 1024
"""Bytes of a state after many rounds. A document may have 16 MB, with all that waits in it."""
Round = Callable[[Any, int], Sequence[Command]]


def numbers(_state: Referral, n: int) -> list[Command]:
    """The same order under another number."""
    return [telling.receive(number=NumberRef("demo-s2", f"number-{n}"))]


def versions(_state: Referral, n: int) -> list[Command]:
    """The order with other content, and sometimes looked at."""
    return [telling.revise("/diagnoses", fingerprint=f"content-{n}"), telling.revise(fingerprint=f"same-{n}")]


def holds(_state: Referral, _n: int) -> list[Command]:
    """On hold, and active again."""
    return [telling.on_hold(), telling.active_again()]


def reports(_state: Referral, n: int) -> list[Command]:
    """Another interim report, or one about somebody else."""
    return [telling.report(f"report-{n}", "interim")]


def requests(case: Any, _n: int) -> list[Command]:
    """The payer denies, and is asked anew."""
    return [words.answer("A3", revision=len(case.asked)), words.resubmit()]


def checks(case: Any, _n: int) -> list[Command]:
    """The policy is not in force, and another is given."""
    return [words.eligible(eb01="6", check=case.checks, payer=case.policy.payer), words.correct()]


def choices(_state: Any, n: int) -> list[Command]:
    """One provider, then another."""
    candidate = (placing.AWAY, placing.FAR)[n % 2]
    return [placing.say(scheduling.ChooseProvider, candidate=candidate)]


def moves(state: Any, n: int) -> list[Command]:
    """The visit is moved."""
    number = state.attempts + 1
    at = [placing.say(scheduling.BookVisit, slot=placing.slot(5 + n % 20, hour=n // 20), booked_by="own")]
    return [*at, placing.held(number), *_released(state)]


def cancellations(state: Any, n: int) -> list[Command]:
    """The visit is cancelled, and the next opening is taken."""
    return [
        placing.say(scheduling.CancelVisit, visit_id=f"visit-{state.attempts}", reason=placing.REASON),
        placing.offered(placing.slot(5 + n % 20), search=state.searches + 1),
        placing.held(state.attempts + 1),
        *_released(state),
    ]


def _released(state: Any) -> list[Command]:
    return [placing.say(scheduling.RecordReservationReleased, attempt=each.number) for each in state.given_up]


def refusals(state: Any, _n: int) -> list[Command]:
    """Others are always there first, and the next day it is tried anew."""
    due = state.seeking.again_at if isinstance(state.seeking, scheduling.Paused) else placing.TUESDAY
    return [
        placing.tick(due),
        placing.offered(placing.slot(30), search=state.searches),
        placing.offered(placing.slot(30), search=state.searches + 1),
        placing.refused(state.attempts + 1),
        *_released(state),
    ]


def contacts(_state: Any, n: int) -> list[Command]:
    """Somebody calls, and nobody answers."""
    return [talking.call(contact_id=f"contact-{n}", minutes=n)]


def addresses(_state: Any, n: int) -> list[Command]:
    """The patient has another telephone."""
    return [talking.contact("sms", seal=f"sealed-{n}", minutes=n)]


def notes(_state: Any, n: int) -> list[Command]:
    """Somebody writes something down."""
    return [AddNote(at=NOON + timedelta(minutes=n), by=CASEY, channel="console", code="left_message")]


BOOKED = placing.placed(*placing.BOOKED)
DENIED = words.after(words.opened(), words.started(), words.eligible(), words.chosen())
CASES: dict[str, tuple[Decider[Any, Any, Any], Any, Round]] = {
    "numbers of an order": (REFERRAL, telling.referral(telling.receive()), numbers),
    "versions of an order": (REFERRAL, telling.referral(telling.receive()), versions),
    "holds": (REFERRAL, telling.referral(telling.receive()), holds),
    "reports": (REFERRAL, telling.referral(telling.receive()), reports),
    "requests to a payer": (CASE, DENIED, requests),
    "checks of coverage": (CASE, words.after(words.opened(), words.started()), checks),
    "choices of a provider": (PLACEMENT, placing.placed(*placing.ASKED), choices),
    "moved visits": (PLACEMENT, BOOKED, moves),
    "cancelled visits": (PLACEMENT, BOOKED, cancellations),
    "slots that others took": (PLACEMENT, placing.placed(*placing.SEARCHING), refusals),
    "calls to a patient": (CONVERSATION, talking.play([talking.contact("sms"), talking.booked()]), contacts),
    "telephones of a patient": (CONVERSATION, talking.play([talking.contact("sms")]), addresses),
    "notes": (TRACK, fold([Telling().received()]), notes),
}


def played(decider: Decider[Any, Any, Any], state: Any, round_: Round, first: int) -> tuple[Any, int]:
    """The state after many rounds, and how many facts there were. What is refused is left out."""
    told = 0
    for n in range(first, first + ROUNDS):
        for command in round_(state, n):
            with suppress(Rejected):
                for fact in decider.decide(command, state):
                    state, told = decider.evolve(state, fact), told + 1
    return state, told


@pytest.mark.parametrize("what", CASES)
def test_what_is_repeated_stays_within_its_bound(what: str) -> None:
    """After many rounds a state is not large, and after as many again it has not grown by another round."""
    decider, begun, round_ = CASES[what]
    state, told = played(decider, begun, round_, 1)
    more, _ = played(decider, state, round_, 1 + ROUNDS)
    sizes = [len(bson.encode({"state": decider.encode(each)})) for each in (state, more)]

    assert told > 0
    assert sizes[0] < LARGEST
    assert sizes[1] - sizes[0] < 200
