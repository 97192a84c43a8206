"""Every refusal and every fault gets its status and a problem; what came in never comes back, nor into the logs."""

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest
import structlog

from shared.telemetry import configure
from tests.support.callers import Issuer
from tests.unit.web.doors import CANARY, coordinator, service

EXPECTED = {
    "rejected": (409, "not_now"),
    "missing": (404, "unknown_referral"),
    "conflict": (409, "other_content"),
    "stale": (412, "stale"),
    "mismatched": (422, "key_reused"),
    "busy": (503, "busy"),
    "unavailable": (503, "unavailable"),
    "unknown": (503, "outcome_unknown"),
    "unreadable": (422, "unreadable"),
    "malformed": (422, "invalid"),
    "keyless": (403, "tenant_without_keys"),
    "heavy": (413, "content_too_large"),
    "closed": (500, "internal_error"),
    "unhandled": (500, "internal_error"),
    "chained": (500, "internal_error"),
}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure("doors", level="debug", stream=stream)
    yield stream
    root.handlers[:], root.level = before, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


class TestProblem:
    @pytest.mark.parametrize(("how", "expected"), EXPECTED.items(), ids=EXPECTED)
    async def test_has_the_status_and_code_of_the_refusal(
        self, client: httpx2.AsyncClient, how: str, expected: tuple[int, str]
    ) -> None:
        """RFC 9457, with a code for programs."""
        answer = await client.post(f"/v1/fail/{how}")
        problem = answer.json()

        assert "application/problem+json" == answer.headers["content-type"]
        assert expected == (answer.status_code, problem["code"])
        assert expected == (problem["status"], problem["type"].removeprefix("urn:throughline:problem:"))

    @pytest.mark.parametrize(("how", "after"), [("busy", "3"), ("unavailable", "7"), ("unknown", "1")])
    async def test_says_when_to_come_back(self, client: httpx2.AsyncClient, how: str, after: str) -> None:
        """A 503 without a time makes every client guess, and most guess too soon."""
        assert after == (await client.post(f"/v1/fail/{how}")).headers["retry-after"]

    async def test_points_to_what_could_not_be_read(self, client: httpx2.AsyncClient) -> None:
        """A part that only the service can judge is pointed to all the same."""
        problem = (await client.post("/v1/fail/unreadable")).json()

        expected = {"pointer": "/entry/0/resource", "code": "unreadable", "detail": "holds no ServiceRequest"}
        assert [expected] == problem["errors"]

    async def test_answers_an_unknown_path(self, client: httpx2.AsyncClient) -> None:
        """A path that is not there is a 404 like any other."""
        answer = await client.get(f"/v1/{CANARY}?name={CANARY}")

        assert (404, "not_found") == (answer.status_code, answer.json()["code"])

    async def test_answers_a_wrong_method(self, client: httpx2.AsyncClient) -> None:
        """405 names the methods that are known (RFC 9110 §15.5.6)."""
        answer = await client.delete("/v1/list")

        assert (405, "method_not_allowed", "GET") == (
            answer.status_code,
            answer.json()["code"],
            answer.headers["allow"],
        )

    async def test_redirects_nobody_to_a_slash(self, client: httpx2.AsyncClient) -> None:
        """A redirect would repeat the query in its Location."""
        assert 404 == (await client.get(f"/v1/list/?name={CANARY}")).status_code

    @pytest.mark.parametrize(("query", "code"), [("limit=101", "less_than_equal"), (f"limit={CANARY}", "int_parsing")])
    async def test_names_a_parameter(self, client: httpx2.AsyncClient, query: str, code: str) -> None:
        """A parameter has no pointer, so its name is in the sentence."""
        answer = await client.get(f"/v1/list?{query}")
        (flaw,) = answer.json()["errors"]

        assert (422, code) == (answer.status_code, flaw["code"])
        assert flaw["detail"].startswith("query parameter limit must be")
        assert CANARY not in answer.text

    async def test_does_not_name_a_parameter_that_was_not_declared(self, client: httpx2.AsyncClient) -> None:
        """What a caller calls a parameter is input too."""
        answer = await client.get(f"/v1/filtered?{CANARY}=1")

        assert (422, "extra_forbidden") == (answer.status_code, answer.json()["errors"][0]["code"])
        assert CANARY not in answer.text

    async def test_answers_a_form_without_its_field(self, client: httpx2.AsyncClient) -> None:
        """Gateways call back with forms; theirs are checked like all others."""
        answer = await client.post("/v1/form", data={CANARY: CANARY}, headers={"Content-Type": _FORM})

        assert (422, "missing") == (answer.status_code, answer.json()["errors"][0]["code"])
        assert CANARY not in answer.text


class TestOperationOutcome:
    @pytest.mark.parametrize(
        ("how", "status", "issue"),
        [
            ("missing", 404, "not-found"),
            ("conflict", 409, "conflict"),
            ("busy", 503, "transient"),
            ("unhandled", 500, "exception"),
            ("unreadable", 422, "invalid"),
        ],
    )
    async def test_is_how_fhir_is_refused(self, client: httpx2.AsyncClient, how: str, status: int, issue: str) -> None:
        """Below /fhir the same refusals are OperationOutcomes with FHIR's own issue types."""
        answer = await client.post(f"/fhir/R4/fail/{how}")
        outcome = answer.json()

        assert (status, "application/fhir+json") == (answer.status_code, answer.headers["content-type"])
        assert ("OperationOutcome", issue) == (outcome["resourceType"], outcome["issue"][0]["code"])

    async def test_points_with_an_expression(self, client: httpx2.AsyncClient) -> None:
        """FHIR points with FHIRPath where JSON points with a pointer."""
        outcome = (await client.post("/fhir/R4", json={"request_id": "r", "items": [{}]})).json()

        (issue,) = outcome["issue"]
        assert ("required", ["items[0].status"]) == (issue["code"], issue["expression"])

    @pytest.mark.parametrize(("path", "status"), [("/fhir/Nothing", 404), ("/fhirlike", 404)])
    async def test_is_for_fhir_only(self, client: httpx2.AsyncClient, path: str, status: int) -> None:
        """A path that merely begins alike is none of FHIR's."""
        answer = await client.get(path)

        assert status == answer.status_code
        assert ("resourceType" in answer.json()) is path.startswith("/fhir/")

    async def test_is_valid_fhir(self, client: httpx2.AsyncClient) -> None:
        """An EHR's library reads it."""
        from fhir.resources.R4B.operationoutcome import OperationOutcome  # noqa: PLC0415 - slow to import

        answer = await client.post("/fhir/R4", json={})
        outcome = OperationOutcome.model_validate_json(answer.content)

        assert "error" == outcome.issue[0].severity


class TestCanary:
    @pytest.mark.parametrize("path", ["/v1/orders", "/fhir/R4", f"/v1/{CANARY}", "/v1/fail/unhandled", "/v1/list"])
    async def test_never_comes_back_and_is_never_logged(self, logged: io.StringIO, path: str) -> None:
        """A value planted in the path, query, headers, body or an exception stays where it was planted."""
        issuer = Issuer()
        headers = {
            "X-Request-ID": CANARY,
            "traceparent": CANARY,
            "Idempotency-Key": CANARY,
            "If-Match": CANARY,
            "Accept": CANARY,
            "User-Agent": CANARY,
            f"X-{CANARY}": CANARY,
        }
        async with coordinator(service(issuer), issuer) as client:
            for content in (json.dumps({CANARY: CANARY, "request_id": {"name": CANARY}}), CANARY, f'"{CANARY}"'):
                for method in ("POST", "GET", "DELETE"):
                    answer = await client.request(method, f"{path}?name={CANARY}", content=content, headers=headers)
                    told = f"{answer.text} {answer.headers}"
                    assert not _mentions(told), (method, told)

        assert not _mentions(logged.getvalue())

    async def test_is_never_logged_by_an_app_that_forgot_to_configure_its_logs(
        self, logged: io.StringIO, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The logging library's own defaults print messages and locals, so an app never runs on them."""
        structlog.reset_defaults()
        issuer = Issuer()
        async with coordinator(service(issuer), issuer) as client:
            await client.post("/v1/fail/unhandled")

        printed = capfd.readouterr()
        assert "builtins.RuntimeError" in printed.out
        assert not _mentions(printed.out + printed.err + logged.getvalue())

    async def test_of_a_bad_token_is_never_logged(self, logged: io.StringIO) -> None:
        """Tokens hold names too, and a logged token can be used by who reads the log."""
        issuer = Issuer()
        async with coordinator(service(issuer), issuer) as client:
            answer = await client.get("/v1/list", headers={"Authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"})

        assert 401 == answer.status_code
        assert not _mentions(answer.text + logged.getvalue())

    async def test_in_an_exception_leaves_its_trace_without_its_message(self, logged: io.StringIO) -> None:
        """The fault can be found from the log: its type, its place, and the id that the caller was given."""
        issuer = Issuer()
        async with coordinator(service(issuer), issuer) as client:
            answer = await client.post("/v1/fail/unhandled")

        lines = [json.loads(line) for line in logged.getvalue().splitlines()]
        (line,) = [line for line in lines if line["level"] == "error"]
        assert ("builtins.RuntimeError", "/v1/fail/{how}") == (line["error"], line["route"])
        assert answer.headers["x-request-id"] == line["request_id"]
        assert any("in fail" in frame or " fail" in frame for frame in line["frames"])


_FORM = "application/x-www-form-urlencoded"


def _mentions(text: str) -> bool:
    return any(form.lower() in text.lower() for form in (CANARY, quote(CANARY), CANARY.encode().hex()))
