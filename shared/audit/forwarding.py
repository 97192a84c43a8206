"""Access records on their way: from where they were written to an internal topic, and from there to one place for all.

The topic is the second place: who may change a service's database may not change what is on it. A record comes once
or more often, under the id that it has for ever.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import groupby
from typing import Final

import structlog

from shared.audit.chain import BESIDE, Head, Row, broken_in_itself, canonical, id_of
from shared.audit.record import as_text
from shared.audit.recorder import PENDING, Recorder
from shared.audit.rows import Rows
from shared.contracts.envelope import ACCESS_TOPIC
from shared.errors import Unavailable, Unknown
from shared.ports import Bus, Received, Record, Subscription

PAUSE_S: Final = 1.0
LIMIT: Final = 500
LEFT_BEHIND: Final = timedelta(seconds=30)
"""After so long a record is nobody's any more: the process that wrote it is gone, and any of its service sends it."""
LOOKS_AFTER: Final = 30
"""Passes between two looks for what was left behind."""
HEADS_EVERY: Final = 60
"""Passes between two heads of a chain: a minute."""
HEAD_TYPE: Final = b"application/jose"
_OF_RECORDS: Final = (("content-type", b"application/json"),)
_OF_HEADS: Final = (("content-type", HEAD_TYPE),)


class Forwarder:
    """Sends a service's records to the topic, those of this process first, and unmarks them when they are there."""

    def __init__(self, recorder: Recorder, bus: Bus) -> None:
        self._recorder, self._bus, self._signer = recorder, bus, recorder.signer
        self._passes = 0
        self._sent: dict[str, Head] = {}
        self._signed: dict[str, Head] = {}

    async def run(self, _service: object) -> None:
        """Send without end what is there. A broker or a store that is away is waited for."""
        while True:
            try:
                while await self.forward() == LIMIT:
                    continue
                if self._passes % HEADS_EVERY == 1:
                    await self.send_heads()
            except (Unavailable, Unknown):
                pass
            await asyncio.sleep(PAUSE_S)

    async def forward(self) -> int:
        """Send what waits; how many it were. Raises Unavailable or Unknown."""
        chain = self._recorder.head.chain
        own = {PENDING: True, "_id": {"$gt": f"{chain}:", "$lt": f"{chain};"}}
        rows = await self._recorder.rows.find(own, [("_id", 1)], LIMIT)
        if self._passes % LOOKS_AFTER == 0:
            before = as_text(self._recorder.now() - LEFT_BEHIND)
            others = {PENDING: True, "service": self._recorder.service, "at": {"$lt": before}}
            rows += await self._recorder.rows.find(others, [("_id", 1)], LIMIT - len(rows)) if len(rows) < LIMIT else []
        self._passes += 1
        for chained, of_chain in groupby(rows, key=lambda row: str(row["chain"])):
            await self._send(chained, list(of_chain))
        return len(rows)

    async def send_heads(self) -> None:
        """Sign how far each chain is that has grown, and send that. Raises Unavailable or Unknown."""
        own = self._recorder.head
        grown = {**self._sent, own.chain: own} if own.number else dict(self._sent)
        for chain, head in sorted(grown.items()):
            if self._signer and self._signed.get(chain) != head:
                signed = self._signer.sign(head, self._recorder.now()).encode()
                await self._deliver(chain, [Record(chain.encode(), _OF_HEADS, signed)])
                self._signed[chain] = head
        self._sent.clear()

    async def _send(self, chain: str, rows: Sequence[Row]) -> None:
        records = [Record(chain.encode(), _OF_RECORDS, canonical(_travelling(row))) for row in rows]
        await self._deliver(chain, records)
        await self._recorder.rows.unmark([row["_id"] for row in rows], PENDING)
        self._sent[chain] = Head(chain, int(rows[-1]["number"]), str(rows[-1]["hash"]))

    async def _deliver(self, chain: str, left: Sequence[Record]) -> None:
        partition = self._bus.partition_of(chain)
        while left:
            left = left[await self._bus.send(ACCESS_TOPIC, partition, left) :]


def _travelling(row: Row) -> Row:
    return {name: value for name, value in row.items() if name == "hash" or name not in BESIDE}


class Keeper:
    """Keeps the records of all services in one place, from the topic; those of its own `service` are there already."""

    def __init__(self, subscription: Subscription, rows: Rows, service: str) -> None:
        self._subscription, self._rows, self._service = subscription, rows, service

    async def run(self, _service: object) -> None:
        """Keep without end what comes. What cannot be kept now is read again."""
        async with _left_at_the_end(self._subscription):
            while True:
                try:
                    await self.keep()
                except (Unavailable, Unknown):
                    await asyncio.sleep(PAUSE_S)
                    await _rewound(self._subscription)

    async def keep(self) -> None:
        """Keep one batch. Raises Unavailable or Unknown."""
        received = await self._subscription.fetch(LIMIT)
        rows = [row for record in received if not is_head(record) and (row := row_of(record))]
        if others := [row for row in rows if row.get("service") != self._service]:
            await self._append(others)
        if received:
            await self._subscription.commit({(it.topic, it.partition): it.offset + 1 for it in received})

    async def _append(self, rows: Sequence[Row]) -> None:
        """What no store can hold was written by no service of ours: it is logged, and the others are kept."""
        try:
            await self._rows.append(rows)
        except (Unavailable, Unknown):
            raise
        except Exception:  # noqa: BLE001 - whatever a stranger wrote, those that follow are kept
            if len(rows) == 1:
                structlog.get_logger().error("an access record that cannot be kept", exc_info=True)
                return
            for row in rows:
                await self._append([row])


def is_head(record: Received) -> bool:
    """Whether a record of the topic is a signed head, which is for whoever verifies: nothing is kept of it here."""
    return dict(record.headers).get("content-type") == HEAD_TYPE


def row_of(record: Received) -> Row | None:
    """The record as it was written; None, and a line in the log, for what is none or was changed on its way."""
    try:
        content = json.loads(record.value or b"")
        row = {"_id": id_of(str(content["chain"]), int(content["number"])), **content}
        if not broken_in_itself(row):
            return row
    except (ValueError, KeyError, TypeError):
        pass
    structlog.get_logger().error(
        "not an access record", topic=record.topic, partition=record.partition, offset=record.offset
    )
    return None


@asynccontextmanager
async def _left_at_the_end(subscription: Subscription) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await subscription.stop()


async def _rewound(subscription: Subscription) -> None:
    try:
        await subscription.rewind()
    except (Unavailable, Unknown):
        return
