"""One call to a replica of a service and how it ended, written into the history; asked again until that is known.

Who calls, and what for, is no matter of this module. It goes from replica to replica: whichever is down, the other is
asked next.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final

import httpx2

from deploy.platform.addresses import Addresses
from shared.effects import ServiceToken
from shared.errors import Unavailable
from shared.identity import audience_of
from tests.chaos.history import Call, History, Op, Word, has_ended, visits_in

_PAUSE_S: Final = 0.5
_LATER: Final = frozenset({401, 429, 503})
"""Nothing certain, or nothing yet: asked again. 401 comes when the keys of tokens cannot be fetched."""
_ETAG: Final = re.compile(r'(?:W/)?"(\d+)"')


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is asked of a service. `seen` is the version on which it rests (If-Match), `key` its Idempotency-Key."""

    process: int
    request: str
    op: Op
    service: str
    path: str
    body: bytes | None = None
    referral: str = ""
    visit_id: str = ""
    seen: int = 0
    key: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with it."""
        given = {"If-Match": f'"{self.seen}"' if self.seen else "", "Idempotency-Key": self.key}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Said:
    """How one call ended; `status` is 0 when there was no answer."""

    word: Word
    status: int = 0
    told: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def referral_id(self) -> str | None:
        """The referral that the answer names."""
        named = self.told.get("referral_id") or self.told.get("id")
        return str(named) if named else None


@dataclass
class Caller:
    """Calls services under our own name, and keeps count. `ways` are the addresses of the replicas."""

    ways: Sequence[Addresses]
    http: httpx2.AsyncClient
    history: History
    calls: Counter[str] = field(default_factory=Counter)
    _tokens: dict[str, Callable[[], Awaitable[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The replicas take turns."""
        self._turns = cycle(way.urls for way in self.ways)

    async def insist(self, ask: Ask) -> Said:
        """Ask until it is known whether it is done."""
        while True:
            said = await self.call(ask)
            if said.word == "ok" or said.status not in (0, *_LATER):
                return said
            await asyncio.sleep(_PAUSE_S)

    async def call(self, ask: Ask) -> Said:
        """Ask once. What is cut off while it is under way is written down as not known."""
        began_ns, said = time.monotonic_ns(), Said("unknown")
        try:
            said = await self._call(f"{next(self._turns)[ask.service]}{ask.path}", ask)
        finally:
            self.calls[said.word] += 1
            self.history.note(_written(ask, said, began_ns))
        return said

    async def _call(self, url: str, ask: Ask) -> Said:
        try:
            given = {"Authorization": f"Bearer {await self._token(ask.service)}", **ask.headers}
            if ask.body is None:
                answer = await self.http.get(url, headers=given)
            else:
                given["Content-Type"] = "application/json"
                answer = await self.http.post(url, content=ask.body, headers=given)
        except (Unavailable, httpx2.ConnectError, httpx2.ConnectTimeout):
            return Said("refused")
        except httpx2.TransportError:
            return Said("unknown")
        if answer.is_success:
            return Said("ok", answer.status_code, answer.json(), _version_of(answer))
        return Said("unknown" if answer.is_server_error else "refused", answer.status_code)

    async def _token(self, service: str) -> str:
        if service not in self._tokens:
            way = self.ways[0]
            self._tokens[service] = ServiceToken.from_file(
                way.credentials_file, way.urls["issuer"], self.http, audience_of(service)
            )
        return await self._tokens[service]()


def read(process: int, service: str, referral: str) -> Ask:
    """Where a referral stands at intake, or its placement at scheduling."""
    path = f"/v1/{'referrals' if service == 'intake' else 'placements'}/{referral}"
    request = f"read-{process}-{service}-{referral}-{time.monotonic_ns()}"
    return Ask(process=process, request=request, op="read", service=service, path=path, referral=referral)


def _version_of(answer: httpx2.Response) -> int:
    found = _ETAG.fullmatch(answer.headers.get("ETag", ""))
    return int(found[1]) if found else 0


def _written(ask: Ask, said: Said, began_ns: int) -> Call:
    referral = ask.referral or said.referral_id
    is_read = ask.op == "read"
    return Call(
        process=ask.process,
        request=ask.request,
        document=f"{ask.service}/{referral}" if referral else "",
        op=ask.op,
        visit_id=ask.visit_id,
        if_match=ask.seen,
        invoked_ns=began_ns,
        returned_ns=time.monotonic_ns(),
        outcome=said.word,
        status=said.status,
        version=said.version,
        is_ended=is_read and has_ended(said.told),
        visits=visits_in(said.told) if is_read else (),
    )
