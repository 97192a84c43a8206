"""What every service answers: alive, ready, counted, and with the headers that keep answers to themselves."""

import asyncio
import re

import httpx2
import pytest
from structlog.testing import capture_logs

from shared.errors import Unavailable
from shared.telemetry import Metrics
from tests.support.callers import Issuer, client_of
from tests.unit.web.doors import POLICY, service

HEX_ID = re.compile(r"[0-9a-f]{32}")


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


async def _broken() -> bool:
    raise OSError


async def _away() -> bool:
    raise Unavailable


async def _hanging() -> bool:
    await asyncio.Event().wait()
    return True


class TestHealth:
    async def test_lives_without_asking_anybody(self) -> None:
        """Liveness looks at the loop alone: a database that is down is no reason to restart us."""
        async with client_of(service(Issuer(), checks={"mongo": _no})) as client:
            assert 200 == (await client.get("/livez")).status_code

    @pytest.mark.parametrize(
        ("check", "status", "told"),
        [(_yes, 200, "ready"), (_no, 503, "not ready"), (_broken, 503, "not ready"), (_hanging, 503, "not ready")],
    )
    async def test_is_ready_when_every_check_says_so(self, check: object, status: int, told: str) -> None:
        """A check that fails or hangs is a no, and a no takes us out of the balancer."""
        app = service(Issuer(), checks={"mongo": check, "kafka": _yes})  # type: ignore[dict-item]
        async with client_of(app) as client:
            answer = await client.get("/readyz")

        assert (status, {"mongo": told, "kafka": "ready"}) == (answer.status_code, answer.json())

    @pytest.mark.parametrize(("check", "reason"), [(_away, "Unavailable"), (_hanging, "TimeoutError")])
    async def test_says_in_a_word_that_a_dependency_is_down(self, check: object, reason: str) -> None:
        """An outage is asked about every second: why is in the logs, and a traceback would only bury it."""
        app = service(Issuer(), checks={"mongo": check})  # type: ignore[dict-item]
        async with client_of(app) as client:
            with capture_logs() as lines:
                await client.get("/readyz")

        assert [{"event": "not ready", "reason": reason, "log_level": "warning"}] == lines


class TestMetrics:
    async def test_count_requests_by_template(self, client: httpx2.AsyncClient) -> None:
        """A path holds ids, so it is counted as the template that it matched, or as unmatched."""
        await client.get("/v1/list")
        await client.post("/v1/fail/missing")
        await client.get("/nowhere/in/particular")
        text = (await client.get("/metrics")).text

        assert 'throughline_http_requests_total{method="GET",route="/v1/list",status="200"} 1.0' in text
        assert 'throughline_http_requests_total{method="POST",route="/v1/fail/{how}",status="404"} 1.0' in text
        assert 'route="unmatched",status="404"} 1.0' in text
        assert "particular" not in text

    async def test_count_what_failed(self, client: httpx2.AsyncClient, metrics: Metrics) -> None:
        """A fault of ours is counted as a 500, and as what it was."""
        await client.post("/v1/fail/unhandled")

        assert b'route="/v1/fail/{how}",status="500"} 1.0' in metrics.exposition()


class TestHeaders:
    @pytest.mark.parametrize("path", ["/v1/list", "/nowhere", "/livez", "/v1/list?limit=x"])
    async def test_keep_answers_out_of_caches_and_frames(self, client: httpx2.AsyncClient, path: str) -> None:
        """Every answer says so, also the refusals."""
        headers = (await client.get(path)).headers

        assert ("no-store", "nosniff", "DENY", "no-referrer") == (
            headers["cache-control"],
            headers["x-content-type-options"],
            headers["x-frame-options"],
            headers["referrer-policy"],
        )
        assert "default-src 'none'" in headers["content-security-policy"]

    async def test_carry_an_id_of_the_request(self, client: httpx2.AsyncClient) -> None:
        """Each request has an id to ask about, in the answer and in the logs."""
        first, second = [(await client.get("/livez")).headers["x-request-id"] for _ in range(2)]

        assert HEX_ID.fullmatch(first)
        assert first != second

    async def test_take_over_a_callers_uuid(self, client: httpx2.AsyncClient) -> None:
        """A caller's own id is used if it can hold nothing but an id."""
        given = "6f1c1f3e-0b51-4c5e-9e55-1d2d3b0a9f10"

        assert given == (await client.get("/livez", headers={"X-Request-ID": given})).headers["x-request-id"]

    async def test_continue_the_callers_trace(self, client: httpx2.AsyncClient) -> None:
        """W3C trace context goes from the request into whatever the request causes."""
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        told = (await client.get("/v1/trace", headers={"traceparent": parent})).json()["traceparent"]

        assert "0af7651916cd43dd8448eb211c80319c" == told.split("-")[1]
        assert parent != told


class TestOpenPaths:
    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
    async def test_need_no_token(self, path: str) -> None:
        """Health, figures and the description of the API are for anybody."""
        async with client_of(service(Issuer())) as client:
            assert 200 == (await client.get(path)).status_code

    @pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
    async def test_are_no_others(self, path: str) -> None:
        """FastAPI's pages load scripts from elsewhere, so they are off."""
        async with client_of(service(Issuer())) as client:
            assert 404 == (await client.get(path)).status_code

    async def test_exclude_every_route_of_the_service(self) -> None:
        """Without a token every route of the service says 401, whatever its method."""
        issuer = Issuer()
        app = service(issuer)
        async with client_of(app) as client:
            paths = (await client.get("/openapi.json")).json()["paths"]
            answers = [
                (await client.request(method, path, content=b"{}")).status_code
                for path, operations in paths.items()
                for method in operations
            ]

        assert {401} == set(answers)
        assert len(answers) > len(POLICY)
