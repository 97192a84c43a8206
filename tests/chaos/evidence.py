"""What is left of a run, as the checks want it: plain values, read once, when all is at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.scheduling.domain.calendar import Life

Counts = Mapping[str, Mapping[str, int]]
"""What the simulators counted of one kind: by identifier, by name of the count."""
MessageEffect = Literal["sms", "sms_once", "email", "email_once"]


@dataclass(frozen=True, slots=True)
class Published:
    """One record of a topic, in the order in which its partition has them.

    `copy` is a digest of its headers and value, byte by byte; `content` is one of what the ledger keeps of it.
    """

    service: str
    subject: str
    sequence: int
    copy: str
    content: str

    @property
    def fact(self) -> tuple[str, str, int]:
        """Which fact it is a copy of."""
        return self.service, self.subject, self.sequence


@dataclass(frozen=True, slots=True)
class EventContext:
    """One document of a service: what it told and saw, and what is left to do in it by a person or a machine."""

    service: str
    subject: str
    told: int
    seen: Mapping[str, int]
    outbox: int = 0
    is_parked: bool = False
    live_calls: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """One service's rows of one referral in tracking's ledger, and whether their hashes lead to the track's head.

    `contents` are digests of what they keep, as those of what was published.
    """

    service: str
    subject: str
    sequences: tuple[int, ...]
    is_whole: bool
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where tracking says that a referral is, and what it waits for."""

    subject: str
    phase: str
    act: str | None = None
    owner: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """One order as its client saw it: the ids that it was answered, over all repetitions."""

    number: int
    ids: frozenset[str]
    refused: int | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a document has written down of one thing that it asks for outside, under the simulators' names for it.

    `is_under_way` is a call without an answer, or one that failed and is to be made again.
    """

    subject: str
    kind: str
    identifier: str
    is_wanted: bool = True
    has_person: bool = False
    is_under_way: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation: how often its call was begun, and whether we say that it went out."""

    subject: str
    effect: MessageEffect
    effect_id: str
    phone: str
    calls: int
    was_sent: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """Part of a resource's day that an attempt of a placement claims, and what that placement says of the attempt."""

    day: str
    placement: str
    attempt: int
    life: Life


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as its placement has it; `days` are those that it must have claimed, one per resource and date."""

    subject: str
    visit_id: str
    attempt: int
    is_kept: bool
    resources: tuple[str, ...]
    days: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a service's log; `text` is the line where it is not JSON."""

    part: str
    level: str = ""
    event: str = ""
    logger: str = ""
    error: str = ""
    has_traceback: bool = False
    text: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that somebody put aside, and why."""

    subject: str
    reason: str


@dataclass(frozen=True)
class Evidence:
    """All of it, and when on the story's clock it was read. `spoiled` are ids of documents that were, for a while."""

    read_at: datetime
    answered: tuple[Answered, ...]
    published: tuple[Published, ...]
    dead_letters: tuple[DeadLetter, ...]
    documents: tuple[EventContext, ...]
    ledger: tuple[Chain, ...]
    standings: tuple[Standing, ...]
    asked: tuple[Asked, ...]
    messages: tuple[Message, ...]
    visits: tuple[Visit, ...]
    claims: tuple[Claim, ...]
    outside: Mapping[str, Counts]
    log: tuple[LogLine, ...]
    spoiled: frozenset[str] = frozenset()
