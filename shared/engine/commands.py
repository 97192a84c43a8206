"""What is applied to an aggregate, from any door, and what a command gets for an answer."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from shared.engine.document import Cause
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Mismatched, Rejected, Stale
from shared.ports import Stored


class WorkItem(Protocol):
    """Something for one aggregate, from any door."""

    @property
    def key(self) -> str:
        """The aggregate's id."""

    def apply(self, unit: UnitOfWork) -> Any:
        """Change the unit and return the outcome. Applied again on a newer document after a conflict."""


@dataclass(frozen=True)
class CommandOutcome:
    """What became of a command: the version that holds it, or why it was refused. `fault` is ours: a faulty decider.

    `is_repeat`: this very command took effect before. `is_quiet`: it was decided, and there was nothing to do.
    """

    version: int
    refusal: Rejected | None = None
    is_repeat: bool = False
    fault: Exception | None = None
    is_quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class CommandEnvelope:
    """A command from a person or a system.

    `id` makes a retry find its first outcome; `fingerprint` is of what was sent; `expected_version` is If-Match.
    """

    key: str
    id: str
    command: Any
    fingerprint: str | None = None
    expected_version: int | None = None
    traceparent: str | None = None

    def apply(self, unit: UnitOfWork) -> CommandOutcome:
        """Decide it once; a retry of what took effect gets the first answer."""
        document = unit.document
        if (known := document.answered.get(self.id)) is not None:
            return self._again(known)
        current = document.version + unit.changed
        if self.expected_version is not None and self.expected_version != current:
            return CommandOutcome(document.version, Stale("stale", "It has changed since you read it; read it again."))
        try:
            facts = unit.decide(self.command, Cause(self.id, self.traceparent))
        except Rejected as refusal:
            return CommandOutcome(document.version, refusal)
        except Exception as fault:  # noqa: BLE001 - the others of the batch have nothing to do with it
            return CommandOutcome(document.version, fault=fault)
        version = document.version + 1 if unit.changed else document.version
        if not unit.changed:
            return CommandOutcome(version, is_quiet=True)
        if facts:
            document.answered[self.id] = {"version": version, "fingerprint": self.fingerprint}
        return CommandOutcome(version)

    def _again(self, known: Stored) -> CommandOutcome:
        if self.fingerprint and known["fingerprint"] != self.fingerprint:
            refusal = Mismatched("idempotency-mismatch", "This Idempotency-Key was used for another request.")
            return CommandOutcome(known["version"], refusal)
        return CommandOutcome(known["version"], is_repeat=True)


def command_id(*parts: str) -> str:
    """A command's id from what identifies it, so that every retry has the same one."""
    return sha256("\x00".join(parts).encode()).hexdigest()[:32]
