"""A client of intake that knows what it does not know: each call ends ok, refused or unknown, and is written down.

It goes from replica to replica and asks again until it has an answer: the same order is the same referral.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Literal

import httpx2

from deploy.cli.demo import CANCELLATION
from deploy.platform.addresses import Addresses
from shared.effects import ServiceToken
from shared.errors import Unavailable
from shared.identity import audience_of
from tests.chaos.orders import Order

Word = Literal["ok", "refused", "unknown"]
TIMEOUT_S = 8.0
_PAUSE_S = 0.5
_LATER = frozenset({401, 429, 503})
"""Nothing certain, or nothing yet: asked again. 401 comes when the keys of tokens cannot be fetched."""
_CANCELLED_AFTER_S = 10.0


@dataclass(frozen=True)
class Said:
    """How one call ended; `status` is 0 when there was no answer."""

    word: Word
    status: int = 0
    referral_id: str | None = None


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
    records: list[Record] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    _cancelling: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The replicas take turns; one token serves for both."""
        self._turns = cycle(way.urls["intake"] for way in self.ways)
        first = self.ways[0]
        self._token: Callable[[], Awaitable[str]] = ServiceToken.from_file(
            first.credentials_file, first.urls["issuer"], self.http, audience_of("intake")
        )

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
        said = await self._insist(record.order.path, record.order.body, {})
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
        key = {"Idempotency-Key": f"cancel-{referral}"}
        body = httpx2.Request("POST", "http://none", json=CANCELLATION).content
        said = await self._insist(f"/v1/referrals/{referral}/cancellation", body, key)
        record.is_cancelled = said.word == "ok"

    async def _insist(self, path: str, body: bytes, headers: dict[str, str]) -> Said:
        while True:
            said = await self._call(f"{next(self._turns)}{path}", body, headers)
            self.calls[said.word] += 1
            if said.word == "ok" or said.status not in (0, *_LATER):
                return said
            await asyncio.sleep(_PAUSE_S)

    async def _call(self, url: str, body: bytes, headers: dict[str, str]) -> Said:
        try:
            given = {"Authorization": f"Bearer {await self._token()}", "Content-Type": "application/json", **headers}
            answer = await self.http.post(url, content=body, headers=given)
        except (Unavailable, httpx2.ConnectError, httpx2.ConnectTimeout):
            return Said("refused")
        except httpx2.TransportError:
            return Said("unknown")
        if answer.is_success:
            told = answer.json()
            return Said("ok", answer.status_code, str(told.get("referral_id") or told.get("id")))
        return Said("unknown" if answer.is_server_error else "refused", answer.status_code)
