"""Writes access records before what they are about leaves: many of one moment in one write, in this process's chain.

A record whose write failed is kept and written first of all when the store is back: there may be records of answers
that never left, and none missing of those that did.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from shared.audit import current
from shared.audit.chain import Head, Row, linked, start_of
from shared.audit.heads import Signer
from shared.audit.record import AccessRecord, Opened
from shared.audit.rows import Rows
from shared.errors import Unavailable, Unknown

BATCH: Final = 200
LEDGER_ROWS: Final = 1000
WAIT_AT_MOST: Final = 5000
"""Records that wait to be written. Beyond it, nothing more is answered."""
AGAIN_S: Final = 1.0
ADDRESSES_AT_MOST: Final = 10_000
ELSEWHERE: Final = "other"
"""For whose refusals there is no room any more in this minute."""
PENDING: Final = "pending"

RECORD_INDEXES: Final = (
    ((("tenant", 1), ("at", -1)), {"name": "day"}),
    ((("tenant", 1), ("referrals", 1), ("at", -1)), {"name": "referral"}),
    ((("tenant", 1), ("subject", 1), ("at", -1)), {"name": "person"}),
    ((("tenant", 1), ("patient_ref", 1)), {"name": "patient", "partialFilterExpression": {"patient_ref": {"$gt": ""}}}),
    (((PENDING, 1), ("_id", 1)), {"name": "pending", "partialFilterExpression": {PENDING: True}}),
)

Told = asyncio.Future[None]


@dataclass(slots=True)
class _Waiting:
    record: AccessRecord
    told: Told | None
    is_kept: bool


class Recorder:
    """The access records of one process, in a chain of its own."""

    def __init__(
        self, service: str, rows: Rows, chain: str, epoch_s: Callable[[], float], signer: Signer | None = None
    ) -> None:
        self.service, self.rows, self.head, self.signer = service, rows, start_of(chain), signer
        self._epoch_s = epoch_s
        self._waiting: list[_Waiting] = []
        self._unwritten: list[Row] = []
        self._after: Head = self.head
        self._flusher: asyncio.Task[None] | None = None
        self.refusals: Counter[tuple[int, str, int]] = Counter()

    def now(self) -> datetime:
        """The machine's time: an installation that moves its clock does not move what is on record."""
        return datetime.fromtimestamp(self._epoch_s(), UTC)

    async def write(self, record: AccessRecord) -> None:
        """Put it on record. Raises Unavailable where it cannot be: then nothing may leave."""
        if len(self._waiting) >= WAIT_AT_MOST:
            raise Unavailable
        await self._queue(record, is_kept=False)

    def note(self, record: AccessRecord) -> Told:
        """Put what has happened already on record, sooner or later; what is returned is done when it is."""
        return self._queue(record, is_kept=True)

    def opened(self, seal: Opened, tenant: str) -> None:
        """A seal was opened: by the request or call in progress, else by the service for itself."""
        if not current.opened(seal):
            referrals = (seal.referral_id,) if seal.referral_id else ()
            record = AccessRecord(
                kind="opening",
                at=self.now(),
                service=self.service,
                outcome="allowed",
                tenant=tenant,
                subject=self.service,
                purpose=seal.purpose,
                referrals=referrals,
                opened=(seal,),
            )
            self._keep(record)

    def witnessed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows of a ledger of facts on record, by their hashes: who writes them anew does not write these."""
        named = [f"{row['_id']}={row['hash']}" for row in rows]
        for start in range(0, len(named), LEDGER_ROWS):
            batch = tuple(named[start : start + LEDGER_ROWS])
            self._keep(
                AccessRecord(
                    kind="ledger",
                    at=self.now(),
                    service=self.service,
                    outcome="allowed",
                    count=len(batch),
                    ledger=batch,
                )
            )

    def refused(self, address: str, status: int) -> None:
        """Count a refusal of somebody whom we do not know."""
        key = int(self._epoch_s() // 60), address, status
        is_new = key not in self.refusals and len(self.refusals) >= ADDRESSES_AT_MOST
        self.refusals[(key[0], ELSEWHERE, status) if is_new else key] += 1

    async def prepare(self) -> None:
        """Build what queries need, unless there is much to build it for: `throughline migrate` does that then.

        Safe to repeat. Raises Unavailable.
        """
        if await self.rows.missing(RECORD_INDEXES) and await self.rows.is_empty():
            await self.rows.prepare(RECORD_INDEXES)

    async def run(self) -> None:
        """Write again what could not be written, and the refusals of each minute that is over."""
        while True:
            await asyncio.sleep(AGAIN_S)
            self._note_refusals(before=int(self._epoch_s() // 60))
            self._flush_soon()

    async def close(self) -> None:
        """Write what is left. Raises Unavailable."""
        self._note_refusals(before=None)
        self._flush_soon()
        if self._flusher:
            await asyncio.wait([self._flusher])
        if self._unwritten or self._waiting:
            raise Unavailable

    def _note_refusals(self, before: int | None) -> None:
        for (minute, address, status), count in sorted(self.refusals.items()):
            if before is None or minute < before:
                record = AccessRecord(
                    kind="refusals",
                    at=datetime.fromtimestamp(minute * 60, UTC),
                    service=self.service,
                    outcome="denied",
                    address=address,
                    status=status,
                    count=count,
                )
                self._keep(record)
                del self.refusals[minute, address, status]

    def _keep(self, record: AccessRecord) -> None:
        """Put it on record soon, though nobody waits for it; without a loop, in the next one's turn."""
        self._waiting.append(_Waiting(record, None, is_kept=True))
        with suppress(RuntimeError):
            self._flush_soon()

    def _queue(self, record: AccessRecord, *, is_kept: bool) -> Told:
        told: Told = asyncio.get_running_loop().create_future()
        told.add_done_callback(_looked_at)
        self._waiting.append(_Waiting(record, told, is_kept))
        self._flush_soon()
        return told

    def _flush_soon(self) -> None:
        is_idle = self._flusher is None or self._flusher.done()
        if is_idle and (self._waiting or self._unwritten):
            loop = asyncio.get_running_loop()
            self._flusher = loop.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._waiting or self._unwritten:
                await self._write_unwritten()
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                rows, self._after = linked([waiting.record for waiting in batch], self.head)
                self._unwritten = [{**row, PENDING: True} for row in rows]
                await self._write_batch(batch)
        except (Unavailable, Unknown):
            self._refuse_all()
        except Exception:  # noqa: BLE001 - whatever it is: nobody may wait without end, and nothing may leave
            structlog.get_logger().error("access records cannot be written", exc_info=True)
            self._refuse_all()

    async def _write_batch(self, batch: list[_Waiting]) -> None:
        try:
            await self._write_unwritten()
        except Exception:
            _fail(batch)
            raise
        for waiting in batch:
            if waiting.told and not waiting.told.done():
                waiting.told.set_result(None)

    async def _write_unwritten(self) -> None:
        """Whatever became of an earlier try: rows that are there already are left as they are."""
        if self._unwritten:
            await self.rows.append(self._unwritten)
            self._unwritten, self.head = [], self._after

    def _refuse_all(self) -> None:
        """The store is away: whoever waits to be let out is told so; what has happened already is kept."""
        _fail([waiting for waiting in self._waiting if not waiting.is_kept])
        self._waiting = [waiting for waiting in self._waiting if waiting.is_kept]


def _fail(waiting: list[_Waiting]) -> None:
    for each in waiting:
        if each.told and not each.told.done():
            each.told.set_exception(Unavailable())


def _looked_at(told: Told) -> None:
    """Nobody need wait for what is kept: the failure of a try is no fault of a task."""
    if not told.cancelled():
        told.exception()
