"""The words that every service's domain is made of: facts, commands, tasks, effects.

Pure types. A rule that only one service knows stays in that service's `domain`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.contracts.vocabulary import Open

Owner = Literal["coordinator", "nurse", "clinician", "specialist", "payer", "patient", "operator", "system"]
Channel = Literal["api", "fhir", "hl7v2", "csv", "console", "callback", "kafka", "clock", "effect"]
ActorKind = Literal["person", "service", "payer", "specialist", "patient", "clock"]
Priority = Literal["routine", "urgent", "asap", "stat"]
URGENCY: Final[Mapping[Priority, int]] = {"stat": 0, "asap": 1, "urgent": 2, "routine": 3}
"""The lower, the sooner. asap is above urgent (FHIR request-priority: "asap - higher priority than urgent")."""
Audience = Literal["contact", "clinical", "coverage", "logistics", "visit"]


class Word(BaseModel):
    """A value of the published language: frozen, and open to fields that later versions add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(Word):
    """Who did it: `id` is an opaque subject of the identity provider, a service's name, or a payer's id.

    `via` is the subject of the program that spoke for a payer.
    """

    kind: Open[ActorKind]
    id: str
    via: str | None = Field(default=None, exclude_if=lambda via: via is None)


class Reason(Word):
    """Why, as a code of a named system (X12, HL7 or `throughline`); never free text."""

    system: str
    code: str


class Task(Word):
    """Something that must happen: `act`, by whom (`owner` is a role, `queue` an opaque work queue), by when.

    `id` tells the task from the other tasks of its publisher for this subject, and stays while it is the same task,
    whatever becomes of its due time; one that comes up again after it was done has it again. `team` narrows the role,
    `about` are ids of what it is about, the first the nearest, and `cause` is the code of what made it necessary.
    """

    id: str
    act: str
    owner: Open[Owner]
    team: str | None = None
    queue: str
    due_at: AwareDatetime
    about: tuple[str, ...] = ()
    cause: Reason | None = None

    @classmethod
    def of(
        cls,
        act: str,
        owner: Owner,
        queue: str,
        due_at: datetime,
        *,
        about: tuple[str, ...] = (),
        team: str | None = None,
        cause: Reason | None = None,
    ) -> "Task":
        """A task whose id is derived from its act and what it is about."""
        id_ = ":".join((act, *about))
        return cls(id=id_, act=act, owner=owner, queue=queue, due_at=due_at, about=about, team=team, cause=cause)


class Step(Word):
    """The first task of a fact, in the shape of before there were several. Goes away with the next cut of the wire."""

    act: str
    owner: Open[Owner]
    queue: str
    due_at: AwareDatetime

    @property
    def task(self) -> Task:
        """What it says as a task."""
        return Task.of(self.act, self.owner, self.queue, self.due_at)


class Fact(Word):
    """What happened. Subclasses are past-tense verbs, one per published type; TYPE and VERSION make the wire name.

    `tasks` are all tasks that its publisher has open for this subject after the fact, the most pressing first.
    Readers use these. `step` is the first of them again, for readers of before.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    occurred_at: AwareDatetime
    recorded_by: Actor
    channel: Open[Channel]
    tasks: tuple[Task, ...] = ()
    step: Step | None = Field(default=None, json_schema_extra={"deprecated": True})
    revision: int = 1

    @model_validator(mode="after")
    def _with_the_task_of_before(self) -> Self:
        """Facts of before there were tasks have a step, which is their one task."""
        if self.step is not None and not self.tasks:
            self.__dict__["tasks"] = (self.step.task,)
        return self

    def with_tasks(self, tasks: tuple[Task, ...]) -> Self:
        """The fact as it is published: with its publisher's open tasks after it."""
        first = tasks[0] if tasks else None
        step = first and Step(act=first.act, owner=first.owner, queue=first.queue, due_at=first.due_at)
        return self.model_copy(update={"tasks": tasks, "step": step})


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
    def attribution(self) -> "Attribution":
        """The attribution that every fact which follows from this command carries."""
        return Attribution(occurred_at=self.at, recorded_by=self.by, channel=self.channel)


@dataclass(frozen=True)
class Attribution:
    """Attribution of a fact, spread into its constructor: `ReferralClosed(**vars(command.attribution), ...)`."""

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


def effect_id(aggregate_id: str, kind: str, revision: int) -> str:
    """The id that the outside knows an effect by (ADR 4): derived, so that no retry and no replica uses another."""
    return sha256(f"{aggregate_id}/{kind}/{revision}".encode()).hexdigest()[:32]


def tenant_of(identifier: str) -> str:
    """The tenant that an id belongs to: every id of ours begins with its tenant and a hyphen."""
    return identifier.partition("-")[0]
