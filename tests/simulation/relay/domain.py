"""An aggregate that says what it is told, passes on what it hears, keeps timers and owes calls. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.contracts.intake import ReferralFoundComplete, ReportAcknowledged
from shared.contracts.language import Command, Effect, EffectNeedsPerson, Task, Tick
from shared.engine import Decider
from shared.errors import Rejected
from tests.simulation.storm import Meant


@dataclass(frozen=True)
class Relay:
    """The state. Effects are named `kind:revision`; `newest` is each kind's last revision, wanted or not."""

    referral_id: str = ""
    said: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    armed: dict[str, datetime] = field(default_factory=dict)
    fired: tuple[str, ...] = ()
    stubborn_until: datetime | None = None
    newest: dict[str, int] = field(default_factory=dict)
    wanted: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    with_people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Say(Command):
    """Tell these words, each as one fact."""

    referral_id: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Hear(Command):
    """Another service said a word. `passes_on`: it is said again."""

    referral_id: str
    word: str
    passes_on: bool


@dataclass(frozen=True, kw_only=True)
class Arm(Command):
    """Set a timer; `moves` one that is still armed. `stubborn_until`: nothing can be woken before that."""

    referral_id: str
    name: str
    due_at: datetime
    moves: bool = False
    stubborn_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Disarm(Command):
    """Drop a timer."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Want(Command):
    """Want a call of this kind, in a new revision; what was wanted before is not any more."""

    kind: str


@dataclass(frozen=True, kw_only=True)
class Drop(Command):
    """Want no call of this kind."""

    kind: str


@dataclass(frozen=True, kw_only=True)
class Note(Command):
    """What the outside says of an effect; the highest number wins."""

    effect: str
    number: int


@dataclass(frozen=True)
class Changed:
    """The private fact: the state is now so."""

    state: Relay


def _said(command: Command, referral_id: str, words: Sequence[str]) -> list[Any]:
    return [ReportAcknowledged(**vars(command.attribution), referral_id=referral_id, report_id=word) for word in words]


def decide(command: Any, state: Relay) -> list[Any]:
    """Decide a command."""
    match command:
        case Say(words=()):
            raise Rejected("nothing-to-say", "There is nothing to say.")
        case Say(referral_id=referral_id, words=words):
            foreign = ReferralFoundComplete(**vars(command.attribution), referral_id=referral_id)
            return [*_said(command, referral_id, words), foreign]
        case Hear():
            return _decide_hear(command, state)
        case Tick(at=at):
            return _decide_tick(command, at, state)
        case Arm() | Disarm():
            return _decide_timers(command, state)
        case _:
            return _decide_effects(command, state)


def _decide_hear(command: Hear, state: Relay) -> list[Any]:
    heard = Changed(replace(state, referral_id=command.referral_id, heard=(*state.heard, command.word)))
    return [heard, *_said(command, command.referral_id, [f"({command.word})"] if command.passes_on else [])]


def _decide_tick(command: Tick, at: datetime, state: Relay) -> list[Any]:
    due = [name for name, due_at in state.armed.items() if due_at <= at]
    if due and state.stubborn_until and at < state.stubborn_until:
        raise Meant("It cannot be woken.")
    if not due:
        return []
    left = {name: due_at for name, due_at in state.armed.items() if name not in due}
    return [
        Changed(replace(state, armed=left, fired=(*state.fired, *due))),
        *_said(command, state.referral_id, [f"fired {name}" for name in due]),
    ]


def _decide_timers(command: Arm | Disarm, state: Relay) -> list[Any]:
    if isinstance(command, Arm) and (command.name in state.armed or not command.moves):
        armed = {**state.armed, command.name: command.due_at}
        until = command.stubborn_until or state.stubborn_until
        return [Changed(replace(state, referral_id=command.referral_id, armed=armed, stubborn_until=until))]
    if isinstance(command, Arm) or command.name not in state.armed:
        return []
    return [Changed(replace(state, armed={n: due_at for n, due_at in state.armed.items() if n != command.name}))]


def _decide_effects(command: Any, state: Relay) -> list[Any]:
    match command:
        case Want(kind=kind):
            revision = state.newest.get(kind, 0) + 1
            newest, wanted = {**state.newest, kind: revision}, {**state.wanted, kind: revision}
            return [Changed(replace(state, newest=newest, wanted=wanted))]
        case Drop(kind=kind) if kind in state.wanted:
            return [Changed(replace(state, wanted={k: r for k, r in state.wanted.items() if k != kind}))]
        case Note(effect=effect, number=number) if number > state.results.get(effect, 0):
            return [Changed(replace(state, results={**state.results, effect: number}))]
        case EffectNeedsPerson(kind=kind, effect_revision=revision):
            return [Changed(replace(state, with_people=(*state.with_people, f"{kind}:{revision}")))]
        case Drop() | Note():
            return []
        case _:
            raise KeyError(type(command).__name__)


def evolve(state: Relay, fact: Any) -> Relay:
    """Fold a fact."""
    match fact:
        case ReportAcknowledged(referral_id=referral_id, report_id=word):
            return replace(state, referral_id=referral_id, said=(*state.said, word))
        case Changed(state=changed):
            return changed
        case _:
            return state


def row_of(state: Relay, fact: Any) -> dict[str, Any] | None:
    """A row for each word that is heard."""
    if not isinstance(fact, Changed) or len(fact.state.heard) == len(state.heard):
        return None
    return {"_id": f"{fact.state.referral_id}/{fact.state.heard[-1]}", "subject": fact.state.referral_id}


def next_due(state: Relay) -> datetime | None:
    """The earliest armed timer."""
    return min(state.armed.values(), default=None)


def tasks(state: Relay) -> tuple[Task, ...]:
    """Wait for the timer."""
    due_at = next_due(state)
    return (Task.of("wait", "system", "relay", due_at),) if due_at else ()


def wanted_effects(state: Relay) -> list[Effect]:
    """What is wanted."""
    return [Effect(kind=kind, revision=revision, target=kind) for kind, revision in state.wanted.items()]


RELAY = Decider(
    name="relay",
    initial=Relay(),
    state_type=Relay,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=next_due,
    wanted_effects=wanted_effects,
    row_of=row_of,
)
