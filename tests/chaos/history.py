"""What clients asked and were told, a line of JSON for each call as it ends, for a judge that shares nothing with us.

Nothing is judged here, and no line holds what is not needed for that: ids, versions, times and fates of visits.
A history says in its last line how many calls it has, so that one that was cut is known for what it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TextIO

Word = Literal["ok", "refused", "unknown"]
"""How a call ended: it was done, it was not, or nobody knows."""
Op = Literal["order", "cancel", "book", "give_up", "read"]
FORM: Final = 1
_ENDED: Final = frozenset({"winding_down", "closed"})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call. Repeated calls of the same `request` are one wish; `if_match` is the version that it rests on.

    `document` is what it is about, empty as long as an order has no id. `status` is 0 when there was no answer.
    Instants are of a clock that only goes forward, in nanoseconds.
    """

    process: int
    request: str
    document: str
    op: Op
    visit_id: str = ""
    if_match: int = 0
    invoked_ns: int
    returned_ns: int
    outcome: Word
    status: int = 0
    version: int = 0
    is_ended: bool = False
    visits: tuple[Mapping[str, str], ...] = ()


class History:
    """Writes it."""

    def __init__(self, to: TextIO) -> None:
        self._to, self.calls = to, 0
        self._line({"history": FORM})

    def note(self, call: Call) -> None:
        """Write a call down."""
        self._line(asdict(call))
        self.calls += 1

    def end(self) -> None:
        """Say that this is all."""
        self._line({"calls": self.calls})
        self._to.flush()

    def _line(self, told: Mapping[str, Any]) -> None:
        self._to.write(f"{json.dumps(told)}\n")


def has_ended(shown: Mapping[str, Any]) -> bool:
    """Whether a referral, as it is shown, is over or being wound up."""
    return shown.get("state") in _ENDED and "visits" not in shown


def visits_in(shown: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """The visits of a placement as it is shown: whose time each takes."""
    wanted = ("visit_id", "provider_ref", "starts_at", "ends_at", "fate")
    return tuple({name: visit[name] for name in wanted} for visit in shown.get("visits", ()))
