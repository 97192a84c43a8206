"""A fact whose number is known and whose content is another's: parked with its reason, never dropped.

So tells a service that was restored from a backup and went on: it uses numbers anew that others have heard. Only who
keeps every fact can tell such a copy from a repetition, so a kind may hand in a comparison. What the two facts say is
no matter of this module.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.contracts.envelope import Envelope, from_headers
from shared.engine import Engine
from shared.engine.batch import Failure
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Unreadable, Unusable
from shared.messaging.held import hold
from shared.messaging.inbox import Delivery, Reader, keep_unsequenced
from shared.ports import Received

OTHER_CONTENT: Final = "other-content"
Copy = tuple[Received, Envelope]
Compare = Callable[[Sequence[Copy]], Awaitable[Sequence[Received]]]
"""Which of these records of facts that were taken in say something else than what was taken in."""


@dataclass(frozen=True)
class OtherContent:
    """Park such a record: it has no place in the order of its source, which another fact holds."""

    reader: Reader
    record: Received

    @property
    def key(self) -> str:
        """The aggregate that knows its number."""
        return Delivery(self.reader, self.record).key

    def apply(self, unit: UnitOfWork) -> bool | Unusable:
        """Keep it for an operator, once."""
        return keep_unsequenced(unit, self.record, self.reader, OTHER_CONTENT)


async def park_others(engine: Engine, reader: Reader, compare: Compare, repeated: Sequence[Received]) -> None:
    """Park what only looks like a repetition. Raises what `Engine.handle` and `hold` raise."""
    copies = [copy for record in repeated if (copy := _readable(reader, record))]
    if not copies:
        return
    await engine.flush()  # what was taken in a moment ago may not have been written down yet
    items = [OtherContent(reader, record) for record in await compare(copies)]
    outcomes = await engine.handle(items)
    failed = [(item.record, it) for item, it in zip(items, outcomes, strict=True) if isinstance(it, Failure)]
    if failed:
        await hold(engine, failed)


def _readable(reader: Reader, record: Received) -> Copy | None:
    """A copy that could have been taken in. A broken one was mended by another since, and is known for what it is."""
    try:
        envelope = from_headers(record.headers, record.key, record.topic)
        return (record, envelope) if reader.fact_of(envelope, record.value) else None
    except Unreadable:
        return None
