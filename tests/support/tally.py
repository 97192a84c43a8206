"""The smallest aggregate that uses all of the engine: it counts, tells, keeps a deadline and owes a call."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.envelope import Envelope, source_of, to_headers
from shared.contracts.intake import ReferralFoundComplete
from shared.contracts.language import Actor, Command, Effect, EffectNeedsPerson, Fact, Owner, Task, Tick
from shared.engine import Decider
from shared.errors import Rejected
from shared.messaging.inbox import EventContext
from shared.ports import Received

REFERRAL = "demo-aaaaaaaaaaaaaaaaaaaaaaaaaa"
OTHER = "demo-bbbbbbbbbbbbbbbbbbbbbbbbbb"
SOMEBODY = Actor(kind="person", id="somebody")


@dataclass(frozen=True)
class Tally:
    """The state."""

    referral_id: str = ""
    count: int = 0
    heard: tuple[str, ...] = ()
    due_at: datetime | None = None
    overdue: int = 0
    wants_call: int = 0
    answers: tuple[str, ...] = ()
    needs_person: bool = False


@dataclass(frozen=True, kw_only=True)
class Add(Command):
    """Count one more, and tell it."""

    referral_id: str
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Hear(Command):
    """Something was heard from another service."""

    what: str


@dataclass(frozen=True, kw_only=True)
class Arm(Command):
    """Set a deadline."""

    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class WantCall(Command):
    """Owe a call; 0 owes none any more."""

    revision: int


@dataclass(frozen=True, kw_only=True)
class Hearken(Command):
    """An answer of the outside."""

    word: str


@dataclass(frozen=True, kw_only=True)
class Stumble(Command):
    """A command that a faulty decider cannot take."""


@dataclass(frozen=True)
class Changed:
    """The private fact: the state is now so."""

    state: Tally


def decide(command: Any, state: Tally) -> list[Any]:  # noqa: C901 - one case per command
    """Decide a command."""
    match command:
        case Add(referral_id=referral_id, times=times):
            if times < 0:
                raise Rejected("negative", "Counting goes up.")
            return [ReferralFoundComplete(**vars(command.attribution), referral_id=referral_id) for _ in range(times)]
        case Hear(what="refuse"):
            raise Rejected("not-wanted", "This is refused for good.")
        case Hear(what=what):
            return [Changed(replace(state, heard=(*state.heard, what)))]
        case Arm(due_at=due_at):
            return [Changed(replace(state, due_at=due_at))]
        case WantCall(revision=revision):
            return [Changed(replace(state, wants_call=revision))]
        case Hearken(word=word):
            return [Changed(replace(state, answers=(*state.answers, word)))]
        case EffectNeedsPerson():
            return [Changed(replace(state, needs_person=True))]
        case Tick(at=at) if state.due_at and state.due_at <= at:
            return [Changed(replace(state, due_at=None, overdue=state.overdue + 1))]
        case Tick():
            return []
        case _:
            raise KeyError(type(command).__name__)


def evolve(state: Tally, fact: Any) -> Tally:
    """Fold a fact."""
    if isinstance(fact, ReferralFoundComplete):
        return replace(state, referral_id=fact.referral_id, count=state.count + 1)
    changed: Changed = fact
    return changed.state


def tasks(state: Tally) -> tuple[Task, ...]:
    """Wait for the deadline, or have a person do it."""
    owner: Owner = "coordinator" if state.needs_person else "system"
    return (Task.of("wait", owner, "tally", state.due_at),) if state.due_at else ()


def wanted_effects(state: Tally) -> list[Effect]:
    """One call per revision wanted; the lower its revision, the more urgent it is."""
    revision = state.wants_call
    return [Effect(kind="ring", revision=revision, target="bell", urgency=revision)] if revision else []


TALLY = Decider(
    name="tally",
    initial=Tally(),
    state_type=Tally,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    next_due=lambda state: state.due_at,
    wanted_effects=wanted_effects,
)


def on_complete(fact: Fact, heard: EventContext) -> Command:
    """The reaction: note which fact it was."""
    del fact
    return Hear(at=heard.at, by=heard.by, channel="kafka", what=f"{heard.envelope.service}{heard.envelope.sequence}")


def record(
    sequence: int,
    at: datetime,
    referral_id: str = REFERRAL,
    service: str = "intake",
    offset: int | None = None,
    value: bytes | None = b"",
    type_: str = "org.throughline.referral.found-complete.v1",
) -> Received:
    """A record as it comes from the bus; the value is a well-formed fact unless given."""
    if value == b"":
        fact = ReferralFoundComplete(occurred_at=at, recorded_by=SOMEBODY, channel="api", referral_id=referral_id)
        value = fact.model_dump_json().encode()
    envelope = Envelope(source_of("demo", service), referral_id, sequence, type_, at + timedelta(seconds=sequence))
    topic = f"referral.public.{service}.v1"
    where = sequence if offset is None else offset
    return Received(referral_id.encode(), to_headers(envelope), value, topic, 0, where)
