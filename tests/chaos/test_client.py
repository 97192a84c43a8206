import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path

import httpx2
import pytest

from deploy.platform import registry
from deploy.platform.addresses import Addresses
from deploy.platform.keys import write_state
from tests.chaos.client import Client
from tests.chaos.history import History
from tests.chaos.orders import order

ORDER = order(1, 0, datetime(2026, 3, 2, 9, tzinfo=UTC))
Answer = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def ways(tmp_path: Path) -> list[Addresses]:
    """Two replicas, each on a host of its own."""
    write_state(tmp_path, ["demo"])
    credentials = tmp_path / "clients" / "demo-cli.json"
    return [
        Addresses(
            tenant="demo",
            urls={name: f"http://{name}-{number}" for name in (*registry.names(), "issuer")},
            credentials_file=credentials,
        )
        for number in (1, 2)
    ]


class Intake:
    """Answers as it is told to, one answer after another, and knows who was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers: Iterator[Answer] = chain(answers, repeat(taken))
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": "token", "expires_in": 300})
        self.asked.append(request.url.host)
        return next(self._answers)(request)


def taken(_request: httpx2.Request) -> httpx2.Response:
    """It is in."""
    return httpx2.Response(202, json={"id": "demo-one"})


def busy(_request: httpx2.Request) -> httpx2.Response:
    """Not now."""
    return httpx2.Response(503)


def contradicted(_request: httpx2.Request) -> httpx2.Response:
    """Never."""
    return httpx2.Response(409)


def gone(_request: httpx2.Request) -> httpx2.Response:
    """Nobody listens."""
    raise httpx2.ConnectError("refused")


def silent(_request: httpx2.Request) -> httpx2.Response:
    """It was sent, and nothing came back."""
    raise httpx2.ReadTimeout("silence")


class TestSend:
    @pytest.mark.parametrize(
        ("answers", "calls"),
        [
            ((), {"ok": 1}),
            ((gone,), {"refused": 1, "ok": 1}),
            ((silent,), {"unknown": 1, "ok": 1}),
            ((busy, silent), {"unknown": 2, "ok": 1}),
        ],
    )
    async def test_asks_on_until_it_knows(
        self, ways: list[Addresses], answers: tuple[Answer, ...], calls: dict[str, int]
    ) -> None:
        """A refused connection did nothing, silence and a 503 may have done anything: all are sent again."""
        intake = Intake(*answers)
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(intake)) as http:
            client = Client(ways, http, History(io.StringIO()))
            record = await client.send(ORDER)

        assert (calls, {"demo-one"}, None) == (dict(client.calls), record.ids, record.refused)

    async def test_takes_turns_between_the_replicas(self, ways: list[Addresses]) -> None:
        """Whichever is down, the other is asked next."""
        intake = Intake(silent, busy)
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(intake)) as http:
            await Client(ways, http, History(io.StringIO())).send(ORDER)

        assert ["intake-1", "intake-2", "intake-1"] == intake.asked

    async def test_believes_a_refusal(self, ways: list[Addresses]) -> None:
        """A contradiction is an answer, and a sign that something else was kept than was sent."""
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(Intake(contradicted))) as http:
            record = await Client(ways, http, History(io.StringIO())).send(ORDER)

        assert (set(), 409) == (record.ids, record.refused)
