"""Systems of others: one call, and what it came to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.contracts.language import Command

Act = Literal["send", "ask", "withdraw"]


@dataclass(frozen=True, slots=True)
class Call:
    """One outbound call, written down before it is made. `effect_id` is the same for every call of an effect."""

    effect_id: str
    aggregate_id: str
    kind: str
    revision: int
    act: Act
    number: int
    refs: tuple[str, ...] = ()

    @property
    def effect(self) -> str:
        """The effect's name within its aggregate."""
        return f"{self.kind}:{self.revision}"


AnswerWord = Literal["alive", "absent", "withdrawn", "nothing", "not_taken", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer from outside. A gateway without an answer, or with an unclear one, raises Unknown: word `unknown`.

    alive: it exists outside, under `refs`; absent: asked, and it does not; withdrawn: it is gone; nothing: there was
    nothing to withdraw; not_taken: certainly not done (refused connection, 429, a 4xx that the gateway lists).
    `command` is what the answer means to the domain and is decided in the same write; `final` says that no further
    result is to come; before `retry_after_s` the outside does not want to hear of it again.
    """

    word: AnswerWord
    refs: tuple[str, ...] = ()
    final: bool = True
    command: Command | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What an outside system promises. `land_s`: first byte to effect; `visible_s`: effect to being seen by ask."""

    can_ask: bool = False
    dedupes: bool = False
    may_repeat: bool = False
    has_results: bool = False
    land_s: float = 10.0
    visible_s: float = 0.0
    ask_every_s: float = 3600.0
    concurrency: int = 16


class Gateway(Protocol):
    """One kind of outbound call. Client retries are off: one `call` is one request."""

    @property
    def traits(self) -> Traits:
        """What the system behind it promises."""

    async def call(self, call: Call, state: Any, now: datetime) -> Answer:
        """Make the call; `state` is the aggregate's state in which it was written down. Raises Unknown on silence."""
