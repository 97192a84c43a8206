"""The words that every service's domain is made of: facts, commands, steps, effects.

Pure types. A rule that only one service knows stays in that service's `domain`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Owner = Literal["coordinator", "nurse", "clinician", "specialist", "payer", "patient", "operator", "system"]
Channel = Literal["api", "fhir", "hl7v2", "csv", "console", "callback", "kafka", "clock", "effect"]
Priority = Literal["routine", "urgent", "asap", "stat"]
Audience = Literal["contact", "clinical", "coverage", "logistics", "visit"]


class Word(BaseModel):
    """A value of the published language: frozen, and open to fields that later versions add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(Word):
    """Who did it: `id` is an opaque subject of the identity provider, a service's name, or a payer's id."""

    kind: Literal["person", "service", "payer", "specialist", "patient", "clock"]
    id: str


class Reason(Word):
    """Why, as a code of a named system (X12, HL7 or `throughline`); never free text."""

    system: str
    code: str


class Step(Word):
    """What must happen next: `act`, by whom (`owner` is a role, `queue` an opaque work queue), by when."""

    act: str
    owner: Owner
    queue: str
    due_at: AwareDatetime


class Fact(Word):
    """What happened. Subclasses are past-tense verbs, one per published type; TYPE and VERSION make the wire name."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    occurred_at: AwareDatetime
    recorded_by: Actor
    channel: Channel
    step: Step | None = None
    revision: int = 1


@dataclass(frozen=True, kw_only=True)
class Command:
    """What somebody wants. `at` is the moment it is decided, handed in; `by` and `channel` say who asked, and how.

    `parked` names the services from which something waits unread: refuse what would rest on their story.
    """

    at: datetime
    by: Actor
    channel: Channel
    parked: tuple[str, ...] = ()

    @property
    def told(self) -> "Told":
        """The attribution that every fact which follows from this command carries."""
        return Told(occurred_at=self.at, recorded_by=self.by, channel=self.channel)


@dataclass(frozen=True)
class Told:
    """Attribution of a fact, spread into its constructor: `ReferralClosed(**vars(command.told), ...)`."""

    occurred_at: datetime
    recorded_by: Actor
    channel: Channel


@dataclass(frozen=True, kw_only=True)
class Tick(Command):
    """The clock reached an instant that the state had armed. Decide what is due by `at`, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class EffectNeedsPerson(Command):
    """A program can do no more for this outbound call. `in_doubt`: it may have taken effect, and none may find out."""

    kind: str
    effect_revision: int
    in_doubt: bool


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One outbound call that the state wants to be true outside.

    Identified by its aggregate, `kind` and `revision`; a change of mind is a new revision. `target` names who
    is called (a payer, a gateway), so that calls can be limited per target. Lower `urgency` goes first.
    An effect that `owed` no longer lists is withdrawn.
    """

    kind: str
    revision: int
    target: str
    urgency: int = 5


def tenant_of(identifier: str) -> str:
    """The tenant that an id belongs to: every id of ours begins with its tenant and a hyphen."""
    return identifier.partition("-")[0]
