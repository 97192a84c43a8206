"""A kind that is no referral: a patient's chart, which notes what is found of the patient's referrals, and tells it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from shared.contracts.envelope import Envelope
from shared.contracts.intake import ReferralFoundComplete
from shared.contracts.language import Actor, Command, Fact, Task
from shared.engine import Decider
from shared.errors import Rejected
from shared.messaging.inbox import EventContext
from shared.ports import Received
from tests.support.memory import EPOCH
from tests.support.tally import REFERRAL, record

PATIENT = "demo-patient-a"
OTHER_PATIENT = "demo-patient-b"


class Noted(Fact):
    """The chart tells what it noted: its subject is a patient, and it names no referral."""

    TYPE: ClassVar[str] = "org.throughline.chart.noted"

    what: str


@dataclass(frozen=True)
class Chart:
    """The state. One that is closed takes nothing."""

    noted: tuple[str, ...] = ()
    is_closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Note(Command):
    """Note this."""

    what: str


@dataclass(frozen=True, kw_only=True)
class Close(Command):
    """Take nothing any more, or again."""

    is_closed: bool = True


@dataclass(frozen=True)
class Closed:
    """The private fact."""

    is_closed: bool


def decide(command: Command, state: Chart) -> list[Any]:
    """Note what comes while it is open."""
    match command:
        case Note() if state.is_closed:
            raise Rejected("closed", "The chart is closed.")
        case Note(what=what):
            return [Noted(**vars(command.attribution), what=what)]
        case Close(is_closed=is_closed):
            return [Closed(is_closed)]
    return []


def evolve(state: Chart, fact: Any) -> Chart:
    """Fold a fact."""
    match fact:
        case Noted(what=what):
            return replace(state, noted=(*state.noted, what))
        case _:
            return replace(state, is_closed=fact.is_closed)


def tasks(state: Chart) -> tuple[Task, ...]:
    """Somebody looks at a closed chart."""
    return (Task.of("open_again", "coordinator", "charts", EPOCH),) if state.is_closed else ()


CHARTS: Decider[Any, Any, Any] = Decider(
    name="chart",
    initial=Chart(),
    state_type=Chart,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=lambda _state: None,
    is_referral=False,
)


def patient_of(fact: Any, _envelope: Envelope) -> str | None:
    """Whose chart a fact is for: that of the patient who said it, and nobody's where a person did."""
    return fact.recorded_by.id if fact.recorded_by.kind == "patient" else None


def on_complete(_fact: Any, heard: EventContext) -> Command:
    """Note which fact it was: the last letter of its referral, and its number."""
    envelope = heard.envelope
    return Note(at=heard.at, by=heard.by, channel="kafka", what=f"{envelope.subject[-1]}{envelope.sequence}")


def close(is_closed: bool, at: datetime = EPOCH) -> Close:
    """The command."""
    return Close(at=at, by=Actor(kind="person", id="somebody"), channel="api", is_closed=is_closed)


def told(sequence: int, patient: str | None = PATIENT, subject: str = REFERRAL, **more: Any) -> Received:
    """A fact of intake about a referral, said by this patient; None: by somebody else."""
    by = Actor(kind="patient", id=patient) if patient else Actor(kind="person", id="somebody")
    fact = ReferralFoundComplete(occurred_at=EPOCH, recorded_by=by, channel="api", referral_id=subject)
    return record(sequence, EPOCH, subject, **{"value": fact.model_dump_json().encode(), **more})
