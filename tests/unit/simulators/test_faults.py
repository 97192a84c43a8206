import asyncio
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.unit.simulators.served_simulators import PATIENCE_S, SERVICE_URL, Outside, served

SUBMISSION = {
    "referral_id": "demo-a",
    "service_ref": "s",
    "provider_ref": "p",
    "site_ref": "t",
    "callback_url": f"{SERVICE_URL}/callback",
}


def path(request_id: str = "request-1") -> str:
    """Where an authorization is at its payer."""
    return f"/payers/acme/authorizations/{request_id}"


async def submit(
    outside: Outside, request_id: str = "request-1", answer_within_s: float = PATIENCE_S
) -> httpx2.Response:
    """Ask the payer for an authorization."""
    timeout = httpx2.Timeout(PATIENCE_S, read=answer_within_s)
    return await outside.called.put(path(request_id), json=SUBMISSION, timeout=timeout)


async def in_vain(outside: Outside, request_id: str) -> int | None:
    """The status of a refusal, or None where nothing is said for as long as any request takes to be read."""
    with suppress(httpx2.ReadTimeout):
        return (await submit(outside, request_id, answer_within_s=2.0)).status_code
    return None


class TestFaultRate:
    async def test_are_refusals_and_silences_at_the_configured_rate(self, tmp_path: Path) -> None:
        """Without any injected fault, about half of the faults refuse and half do it and never answer."""
        async with served(tmp_path, fault_rate=1.0) as outside:
            answers = await asyncio.gather(*(in_vain(outside, f"request-{i}") for i in range(30)))
            counts = (await outside.operator.get("/counts")).json()["authorization"]

        assert set(answers) <= {None, 503}
        assert 30 == counts["sends"]
        assert 8 < counts["effects"] < 22

    async def test_are_none_by_default(self, outside: Outside) -> None:
        """Nothing fails that nobody wanted to fail."""
        statuses = {(await submit(outside, f"request-{i}")).status_code for i in range(50)}

        assert {201} == statuses


class TestInjectFault:
    async def test_fails_before_the_effect(self, outside: Outside) -> None:
        """Nothing was done, and a problem says so."""
        for kind, status in (("refuse", 503), ("429", 429), ("500", 500)):
            await outside.operator.delete("/admin/faults")
            await outside.break_("payer", kind)

            answer = await submit(outside, f"request-{kind}")

            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
            assert ("retry-after" in answer.headers) is (kind != "500")
            assert {"sends": 1} == await outside.counts("authorization", f"request-{kind}")

    @pytest.mark.parametrize("kind", ["refuse", "429"])
    async def test_says_when_to_come_back(self, outside: Outside, kind: str) -> None:
        """As a payer that is overloaded does: whoever asks sooner can be seen to."""
        await outside.break_("payer", kind, retry_after_s=90)

        assert "90" == (await submit(outside)).headers["retry-after"]

    async def test_fails_after_the_effect(self, outside: Outside) -> None:
        """The answer is a 500, and it was done all the same: who asks finds it."""
        await outside.break_("payer", "500_after_effect", times=1)

        assert 500 == (await submit(outside)).status_code

        assert (await outside.called.get(path())).json()["action"]

    async def test_does_it_and_never_answers(self, outside: Outside) -> None:
        """The caller times out, and it was done: sent again it is the same authorization."""
        await outside.break_("payer", "timeout_after_effect", times=1, seconds=60)

        with pytest.raises(httpx2.ReadTimeout):
            await submit(outside, answer_within_s=1.0)

        assert 201 == (await submit(outside)).status_code
        assert {"sends": 2, "effects": 1} == await outside.counts("authorization", "request-1")

    async def test_gives_up_its_silence(self, outside: Outside) -> None:
        """A caller who waits longer than the fault's seconds is cut off without an answer."""
        await outside.break_("payer", "timeout_after_effect", seconds=0.1)

        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await submit(outside)

        assert {"sends": 1, "effects": 1} == await outside.counts("authorization", "request-1")

    async def test_resets_the_connection(self, outside: Outside) -> None:
        """The connection is gone without a byte, and nothing was done."""
        await outside.break_("payer", "reset")

        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await submit(outside)

        assert {"sends": 1} == await outside.counts("authorization", "request-1")

    async def test_is_slow(self, outside: Outside) -> None:
        """It takes its time and then answers as ever."""
        await outside.break_("payer", "latency", seconds=0.2)

        answer = await submit(outside)

        assert 201 == answer.status_code
        assert answer.elapsed.total_seconds() >= 0.2

    async def test_answers_with_a_page(self, outside: Outside) -> None:
        """A proxy's sign-in page instead of an answer, with a 200 that means nothing."""
        await outside.break_("payer", "html")

        answer = await submit(outside)

        assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert {"sends": 1} == await outside.counts("authorization", "request-1")

    async def test_answers_with_half_of_it(self, outside: Outside) -> None:
        """What comes back is no JSON, and it was done."""
        await outside.break_("payer", "truncated")

        answer = await submit(outside)

        assert 201 == answer.status_code
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            answer.json()
        assert {"sends": 1, "effects": 1} == await outside.counts("authorization", "request-1")

    async def test_answers_about_another(self, outside: Outside) -> None:
        """The answer bears an id that was not asked for, and it was done."""
        await outside.break_("payer", "wrong_id")

        assert "request-1" != (await submit(outside)).json()["request_id"]
        assert {"sends": 1, "effects": 1} == await outside.counts("authorization", "request-1")

    async def test_strikes_by_id_and_attempt_and_not_by_chance(self, outside: Outside, tmp_path: Path) -> None:
        """With a rate, the same ids are struck whatever the order in which they come."""
        ids = [f"request-{i}" for i in range(30)]

        async def struck(request_ids: list[str]) -> set[str]:
            return {one for one in request_ids if (await submit(outside, one)).status_code == 500}

        await outside.break_("payer", "500", rate=0.5)
        first = await struck(ids)
        for_second_attempts = await struck(ids)
        async with served(tmp_path / "other") as other:
            await other.break_("payer", "500", rate=0.5)
            reversed_first = {one for one in reversed(ids) if (await submit(other, one)).status_code == 500}

        assert 5 < len(first) < 25
        assert first == reversed_first
        assert first != for_second_attempts

    async def test_strikes_each_id_so_many_times(self, outside: Outside) -> None:
        """`times` is counted per identifier."""
        await outside.break_("payer", "500", times=2)

        statuses = {one: [(await submit(outside, one)).status_code for _ in range(3)] for one in ("a", "b")}

        assert {"a": [500, 500, 201], "b": [500, 500, 201]} == statuses

    async def test_strikes_only_its_target(self, outside: Outside) -> None:
        """A payer's fault is not an office's."""
        await outside.break_("office", "500")

        assert 201 == (await submit(outside)).status_code

    async def test_ends_when_cleared(self, outside: Outside) -> None:
        """After DELETE all is well."""
        await outside.break_("payer", "500")

        assert 204 == (await outside.operator.delete("/admin/faults")).status_code

        assert 201 == (await submit(outside)).status_code

    async def test_refuses_what_no_target_can_do(self, outside: Outside) -> None:
        """A fault that the target cannot have is not injected."""
        for fault in (
            {"target": "payer", "kind": "explode"},
            {"target": "mail", "kind": "html"},
            {"target": "payer", "kind": "500", "rate": 2},
            {"target": "payer", "kind": "500", "probability": 1},
        ):
            assert 422 == (await outside.operator.post("/admin/faults", json=fault)).status_code, fault
