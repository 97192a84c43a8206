"""The state of one referral across all services. Values only; the rules are in `evolve`.

Each field of `Progress` comes from one service alone, and facts of one service are in order. So the state depends on
the set of facts, not on how services' facts interleave.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, PlainSerializer

from shared.contracts.envelope import SERVICES
from shared.contracts.intake import Outcome
from shared.contracts.language import URGENCY, Owner, Priority, Task
from shared.contracts.vocabulary import Open

Phase = Literal["unheard", "received", "awaiting_information", "in_progress", "winding_down", "closed"]
Status = Literal[Phase, "awaiting_report", "awaiting_acknowledgement"]
NoteCode = Literal[
    "called_patient",
    "called_office",
    "called_payer",
    "left_message",
    "waiting_for_call_back",
    "sent_records",
    "asked_colleague",
]
"""What somebody did. Codes and no free text: prose is where patient data appears, and this service holds none."""

Doer = Owner | Literal["other"]
"""By whom lists are asked for: whoever else a service names is in them as "other"."""
URGENCIES: dict[Priority | None, int] = dict(URGENCY) | {None: 4}
"""The order in which a worklist by priority goes; what intake has not told yet comes last."""


def as_text(instant: datetime) -> str:
    """An instant as it rests in the store: text of one width in UTC, so that it sorts as time does."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


Instant = Annotated[AwareDatetime, PlainSerializer(as_text, return_type=str, when_used="json")]


@dataclass(frozen=True, slots=True)
class Stream:
    """The part of one service: `head` is the ledger hash of its last fact, `tasks` what it left open."""

    sequence: int = 0
    head: str = ""
    tasks: tuple[Task, ...] = ()
    is_parked: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The milestones of a referral, with their times. `told_at` is the first message about a visit."""

    phase: Phase = "unheard"
    outcome: Open[Outcome] | None = None
    has_report: bool = False
    is_seen: bool = False
    priority: Priority | None = None
    payer: str | None = None
    received_at: Instant | None = None
    needed_by: Instant | None = None
    told_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class NextAct:
    """The one act that the worklist shows, and the service that waits for it."""

    service: str
    act: str
    owner: Doer
    queue: str
    due_at: Instant


@dataclass(frozen=True, slots=True)
class Summary:
    """The fields by which lists are filtered, sorted and counted, all derived from stories and progress.

    `tasks` counts all that are open, of which `next` is the first.
    """

    situation: Status = "unheard"
    urgency: int = URGENCIES[None]
    next: NextAct | None = None
    tasks: int = 0
    parked: tuple[str, ...] = ()
    told_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """The person who has the referral: the subject of the identity provider."""

    by: str
    since: Instant


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a person."""

    code: NoteCode
    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Projection:
    """One referral: recorded facts, derived state, and what our people do about it."""

    stories: dict[str, Stream] = field(default_factory=lambda: {service: Stream() for service in SERVICES})
    progress: Progress = Progress()
    standing: Summary = Summary()
    claim: Assignment | None = None
    notes: tuple[Note, ...] = ()

    @property
    def is_heard(self) -> bool:
        """Whether any service has told anything of it."""
        return any(stream.sequence for stream in self.stories.values())


INITIAL = Projection()
