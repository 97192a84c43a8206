"""What an operator makes happen, on disk: behaviours forced for an identifier, and faults.

Whether a fault strikes is a function of the identifier and the number of the attempt, never of chance.
"""

import json
import math
import sqlite3
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deploy.simulators.behaviour import Kind, digest, draw
from deploy.simulators.journal import Count

Target = Literal["payer", "sms", "office", "ehr", "mail"]
FaultKind = Literal[
    "latency",
    "refuse",
    "500",
    "500_after_effect",
    "timeout_after_effect",
    "reset",
    "429",
    "html",
    "truncated",
    "wrong_id",
]
HTTP_ONLY: frozenset[FaultKind] = frozenset({"html", "truncated", "wrong_id"})
ANYBODY = "*"


class Fault(BaseModel):
    """How a target misbehaves: in a share (`rate`) of attempts, at most `times` per identifier, for `seconds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Target
    kind: FaultKind
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(ge=0, le=600)] = 20.0
    retry_after_s: Annotated[int, Field(ge=0, le=86_400)] = 1
    """What `refuse` and `429` ask for in Retry-After."""

    @property
    def most(self) -> float:
        """How many attempts of one identifier it strikes."""
        return self.times or math.inf

    @model_validator(mode="after")
    def _is_known_to_mail(self) -> Self:
        if self.target == "mail" and self.kind in HTTP_ONLY:
            raise ValueError("This kind of fault does not exist in SMTP.")
        return self


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """One request of a service: which target it reached, about what, and what it wants."""

    target: Target
    kind: str
    identifier: str
    act: Count


class Scenario:
    """Forced behaviours and faults. `fault_rate` is the share of all calls that fail without an injected fault."""

    def __init__(self, database: sqlite3.Connection, seed: str, fault_rate: float) -> None:
        self._database = database
        self._seed = seed
        self._fault_rate = fault_rate

    def force(self, kind: Kind, identifier: str, behaviour: str) -> None:
        """From now on the identifier ("*": every one) meets this behaviour."""
        self._database.execute("INSERT OR REPLACE INTO forced VALUES (?, ?, ?)", (kind, _key(identifier), behaviour))

    def forced(self, kind: Kind, names: tuple[str, ...]) -> str | None:
        """The behaviour forced for the first of these names that has one, else for everybody."""
        for name in (*names, ANYBODY):
            row = self._database.execute(
                "SELECT behaviour FROM forced WHERE kind = ? AND identifier = ?", (kind, _key(name))
            ).fetchone()
            if row:
                return str(row["behaviour"])
        return None

    def release(self) -> None:
        """Nobody is forced any more."""
        self._database.execute("DELETE FROM forced")

    def add(self, fault: Fault) -> None:
        """The fault strikes from now on."""
        self._database.execute("INSERT INTO faults (fault) VALUES (?)", (fault.model_dump_json(),))

    def clear(self) -> None:
        """No injected fault strikes any more."""
        self._database.execute("DELETE FROM faults")
        self._database.execute("DELETE FROM fault_hits")

    def fault_for(self, call: IncomingCall, attempt: int) -> Fault | None:
        """The fault that this attempt meets: the oldest injected one that applies, else one by the fault rate."""
        for row in self._database.execute("SELECT id, fault FROM faults ORDER BY id").fetchall():
            fault = Fault.model_validate(json.loads(row["fault"]))
            if self._applies(fault, call, attempt) and self._hit(row["id"], call.identifier) <= fault.most:
                return fault
        return self._by_rate(call, attempt)

    def _applies(self, fault: Fault, call: IncomingCall, attempt: int) -> bool:
        return fault.target == call.target and self._draw(fault.kind, call, attempt) < fault.rate

    def _by_rate(self, call: IncomingCall, attempt: int) -> Fault | None:
        drawn = self._draw("standing", call, attempt)
        if drawn >= self._fault_rate:
            return None
        return Fault(target=call.target, kind="refuse" if drawn < self._fault_rate / 2 else "timeout_after_effect")

    def _draw(self, purpose: str, call: IncomingCall, attempt: int) -> float:
        return draw(self._seed, f"fault.{purpose}", f"{call.identifier}.{call.act}.{attempt}")

    def _hit(self, fault_id: int, identifier: str) -> int:
        row = self._database.execute(
            "INSERT INTO fault_hits VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
            (fault_id, identifier),
        ).fetchone()
        return int(row["n"])


def _key(name: str) -> str:
    """Names may be phone numbers or member numbers, which do not rest on disk."""
    return name if name == ANYBODY else digest(name)
