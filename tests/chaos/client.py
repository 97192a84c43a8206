"""A client of intake that knows what it does not know: each call ends ok, refused or unknown, and is written down.

It goes from replica to replica and asks again until it has an answer: the same order is the same referral. Whoever
cancels does so beside another, each on the version that it has read: only one of them can be the first.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import httpx2

from deploy.cli.demo import CANCELLATION
from deploy.platform.addresses import Addresses
from tests.chaos.calling import Ask, Caller, read
from tests.chaos.history import History
from tests.chaos.orders import Order

TIMEOUT_S = 8.0
_CANCELLED_AFTER_S = 10.0
_STALE = 412


@dataclass
class Record:
    """What became of one order. `ids` are of every answer that took it in: there may be only one."""

    order: Order
    ids: set[str] = field(default_factory=set)
    refused: int | None = None
    is_cancelled: bool = False


@dataclass
class Client:
    """Sends orders and cancellations, and keeps the books. `ways` are the addresses of the replicas."""

    ways: Sequence[Addresses]
    http: httpx2.AsyncClient
    history: History
    records: list[Record] = field(default_factory=list)
    _cancelling: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """All its calls are counted together."""
        self.caller = Caller(self.ways, self.http, self.history)

    @property
    def calls(self) -> Mapping[str, int]:
        """How its calls ended."""
        return self.caller.calls

    async def send(self, order: Order) -> Record:
        """Send an order until it is taken or refused."""
        record = Record(order)
        self.records.append(record)
        await self.send_again(record)
        if record.ids and order.is_cancelled:
            self._cancelling.append(asyncio.create_task(self._cancel(record)))
        return record

    async def send_again(self, record: Record) -> None:
        """Send an order as if for the first time, and note what it is answered."""
        order = record.order
        said = await self.caller.insist(
            Ask(
                process=order.number,
                request=f"order-{order.number}",
                op="order",
                service="intake",
                path=order.path,
                body=order.body,
            )
        )
        if said.referral_id:
            record.ids.add(said.referral_id)
        else:
            record.refused = said.status

    async def done(self) -> None:
        """Wait for the cancellations that are still to come."""
        await asyncio.gather(*self._cancelling)

    async def _cancel(self, record: Record) -> None:
        await asyncio.sleep(_CANCELLED_AFTER_S)
        (referral,) = record.ids
        found = await asyncio.gather(*(self._cancel_as(rival, record.order.number, referral) for rival in "ab"))
        record.is_cancelled = any(found)

    async def _cancel_as(self, rival: str, process: int, referral: str) -> bool:
        """Cancel what was read; read again when it has changed since."""
        for attempt in count():
            seen = await self.caller.insist(read(process, "intake", referral))
            name = f"cancel-{rival}-{attempt}-{referral}"
            said = await self.caller.insist(
                Ask(
                    process=process,
                    request=name,
                    op="cancel",
                    service="intake",
                    path=f"/v1/referrals/{referral}/cancellation",
                    body=json.dumps(CANCELLATION).encode(),
                    referral=referral,
                    seen=seen.version,
                    key=name,
                )
            )
            if said.status != _STALE:
                return said.word == "ok"
        return False
