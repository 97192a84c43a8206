"""Too much is answered at the door, in the form that the door has, and never in place of how we are."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from shared.identity import Limits, Rates, Role, permit
from shared.telemetry import Metrics
from shared.web import create_app
from tests.support.callers import Issuer, client_of
from tests.unit.web import doors


def limited(issuer: Issuer, rates: Rates) -> FastAPI:
    """The doors, with limits on a clock that stands still."""
    guard = replace(issuer.guard(doors.POLICY), limits=Limits(rates, lambda: 0.0))
    return create_app("Doors", [doors.router], guard)


def asked(client: httpx2.AsyncClient, path: str) -> Awaitable[httpx2.Response]:
    """A request that is answered."""
    return client.post(path, json={"request_id": "r-1"})


async def _got(client: httpx2.AsyncClient, path: str) -> httpx2.Response:
    return await client.get(path)


class Slow:
    """A route whose answers wait until they may end."""

    def __init__(self) -> None:
        self.may_end, self.came = asyncio.Event(), asyncio.Semaphore(0)
        self.router = APIRouter(dependencies=[permit("use")])
        self.router.add_api_route("/slow", self.answer)

    async def answer(self) -> dict[str, str]:
        """Wait."""
        self.came.release()
        await self.may_end.wait()
        return {}

    async def has_come(self, times: int) -> None:
        """Wait until so many requests are under way."""
        for _ in range(times):
            await self.came.acquire()


class TestTooManyOfOneClient:
    @pytest.mark.parametrize(
        ("path", "form", "said"),
        [
            ("/v1/orders", "application/problem+json", '"code":"too_many_requests"'),
            ("/fhir/R4", "application/fhir+json", '"code":"throttled"'),
        ],
    )
    async def test_are_told_to_come_back(self, path: str, form: str, said: str) -> None:
        """429 with Retry-After, and nothing done: as a problem, or as an OperationOutcome below /fhir."""
        issuer = Issuer()
        async with doors.coordinator(limited(issuer, Rates(1, 1, 9)), issuer) as client:
            answers = [await asked(client, path) for _ in range(3)]

        assert [200, 200, 429] == [answer.status_code for answer in answers]
        assert ("1", form) == (answers[2].headers["Retry-After"], answers[2].headers["Content-Type"])
        assert said in answers[2].text

    async def test_are_over_when_they_are_answered_however_it_ended(self) -> None:
        """What failed, or was refused, is no longer under way either."""
        issuer = Issuer()
        async with doors.coordinator(limited(issuer, Rates(99, 99, 1)), issuer) as client:
            ways = ("rejected", "unhandled", "malformed", "busy", "rejected")
            answers = [await client.post(f"/v1/fail/{how}") for how in ways]

        assert 429 not in [answer.status_code for answer in answers]

    async def test_are_in_the_description_of_every_route(self) -> None:
        """Whoever writes a client reads there that it may have to wait."""
        issuer = Issuer()
        described = limited(issuer, Rates(1, 1, 1)).openapi()["paths"]

        of_each = [operation["responses"] for path in described.values() for operation in path.values()]
        assert all("Retry-After" in responses["429"]["headers"] for responses in of_each)


class TestTooManyOfAll:
    async def test_leave_the_process_alone(self) -> None:
        """Each of too many would only make all others slower; health and figures are always answered."""
        issuer, metrics, slow = Issuer(), Metrics(), Slow()
        guard = replace(issuer.guard(doors.POLICY), limits=Limits(Rates(99, 99, 99, 2), lambda: 0.0))
        app = create_app("Slow", [slow.router], guard, metrics=metrics)
        async with client_of(app, **issuer.headers(Role.COORDINATOR)) as client:
            waiting = [asyncio.create_task(_got(client, "/slow")) for _ in range(2)]
            await slow.has_come(2)
            refused, alive = await client.get("/slow"), await client.get("/livez")
            slow.may_end.set()
            answers = [await each for each in waiting]
            after = await client.get("/slow")

        assert (503, "1", 200) == (refused.status_code, refused.headers["Retry-After"], alive.status_code)
        assert [200, 200, 200] == [each.status_code for each in (*answers, after)]
        assert b'throughline_http_limited_total{why="all_at_once"} 1.0' in metrics.exposition()
