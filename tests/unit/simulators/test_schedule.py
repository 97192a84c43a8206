from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.simulators.served_simulators import MONDAY_NOON, SERVICE_URL, Outside, Service, served, until

REQUEST = {"referral_id": "demo-a", "priority": "stat", "answer_url": f"{SERVICE_URL}/answer"}


async def schedule_answers(outside: Outside, *numbers: int) -> None:
    """Have an office schedule answers, and move time to when they are due: within the hour for STAT requests."""
    await outside.force("office_request", "accept")
    for number in numbers:
        await outside.called.put(f"/offices/o/requests/request-{number}", json=REQUEST)
    outside.clock.instant = MONDAY_NOON + timedelta(hours=1)


class TestSendCallbacks:
    async def test_are_sent_once_when_taken(self, outside: Outside) -> None:
        """A 2xx ends a callback."""
        statuses = [200, 202, 204]
        outside.service.script = list(statuses)
        await schedule_answers(outside, *statuses)

        await outside.callbacks(len(statuses))
        await outside.quiet()

        for status in statuses:
            counts = await outside.counts("office_request", f"request-{status}")
            assert (1, 1) == (counts["callbacks_sent"], counts["callbacks_accepted"])

    async def test_are_repeated_until_taken(self, outside: Outside) -> None:
        """Whoever says "not now" is asked again, for as long as it takes; which request meets which status is open."""
        statuses = [401, 408, 409, 425, 429, 500, 503, 302]
        outside.service.script = statuses * 2
        await schedule_answers(outside, *statuses)

        await outside.callbacks(3 * len(statuses))
        await outside.quiet()

        counts = [await outside.counts("office_request", f"request-{status}") for status in statuses]
        assert [1] * len(statuses) == [each["callbacks_accepted"] for each in counts]
        assert 3 * len(statuses) == sum(each["callbacks_sent"] for each in counts)

    async def test_are_dropped_when_refused(self, outside: Outside) -> None:
        """Whoever says "never" is left alone, and it is counted."""
        statuses = [400, 403, 404, 410, 422]
        outside.service.script = list(statuses)
        await schedule_answers(outside, *statuses)

        await outside.callbacks(len(statuses))
        await outside.quiet()

        for status in statuses:
            counts = await outside.counts("office_request", f"request-{status}")
            assert (1, 1) == (counts["callbacks_sent"], counts["callbacks_refused"])
            assert "callbacks_accepted" not in counts

    async def test_do_not_wait_for_one_another(self, outside: Outside) -> None:
        """A callback that is refused again and again holds up no other."""
        outside.service.script = [503] * 3
        await schedule_answers(outside, *range(40))

        await outside.callbacks(43)
        await outside.quiet()

        totals = (await outside.operator.get("/counts")).json()["office_request"]
        assert 40 == totals["callbacks_accepted"]

    async def test_are_not_sent_before_their_time(self, outside: Outside) -> None:
        """Until the clock is there nothing happens; the schedule says where to jump."""
        await outside.force("visit", "fulfil")
        await outside.force("report", "never")
        urls = {"outcome_url": REQUEST["answer_url"], "report_url": REQUEST["answer_url"]}
        visit = {"referral_id": "demo-a", "start": "2026-11-25T09:00:00Z", "minutes": 30} | urls
        await outside.called.put("/offices/o/appointments/visit-1", json=visit)

        answer = (await outside.operator.get("/agenda")).json()

        assert {"next_due_at": "2026-11-25T10:00:00Z", "due_now": 0, "in_flight": 0, "retrying": 0} == answer
        assert [] == outside.service.received

    async def test_survive_a_restart(self, tmp_path: Path) -> None:
        """What was scheduled and counted before is sent and counted after."""
        service = Service(script=[503] * 50)
        async with served(tmp_path, service) as before:
            await schedule_answers(before, 1)
            await before.callbacks(1)
            counted = await before.counts("office_request", "request-1")

        service.script = []
        async with served(tmp_path, service) as after:
            after.clock.instant = MONDAY_NOON + timedelta(hours=2)
            await until(lambda: taken(after))
            counts = await after.counts("office_request", "request-1")

        assert (counted["sends"], counted["effects"]) == (counts["sends"], counts["effects"]) == (1, 1)
        assert 1 == counts["callbacks_accepted"]


async def taken(outside: Outside) -> int | None:
    """How many callbacks about the request were taken, if any."""
    return (await outside.counts("office_request", "request-1")).get("callbacks_accepted")


class TestReadCounts:
    async def test_are_zero_for_what_was_never_asked(self, outside: Outside) -> None:
        """Never asked is an answer too, so that tests can prove it."""
        answer = (await outside.operator.get("/counts/authorization/nobody")).json()

        assert {0} == set(answer.values())
        assert "sends" in answer

    async def test_are_given_by_kind_and_by_identifier(self, outside: Outside) -> None:
        """Totals per kind, and per kind each identifier."""
        for request_id in ("request-1", "request-2", "request-2"):
            await outside.called.put(f"/offices/o/requests/{request_id}", json=REQUEST)

        totals = (await outside.operator.get("/counts")).json()
        by_identifier = (await outside.operator.get("/counts/office_request")).json()

        assert {"identifiers": 2, "sends": 3, "effects": 2} == totals["office_request"]
        assert {"request-1": {"sends": 1, "effects": 1}, "request-2": {"sends": 2, "effects": 1}} == by_identifier


class TestForceBehaviour:
    async def test_is_forgotten_when_released(self, outside: Outside) -> None:
        """After DELETE everybody is as they were."""
        await outside.force("office_request", "decline", "request-1")

        assert 204 == (await outside.operator.delete("/admin/behaviour")).status_code

        await outside.called.put("/offices/o/requests/request-1", json=REQUEST)
        outside.clock.instant = MONDAY_NOON + timedelta(hours=2)
        [callback] = await outside.callbacks(1)
        assert b'"accepted":true' in callback.content

    @pytest.mark.parametrize(
        "forced", [{"kind": "visit", "behaviour": "explode"}, {"kind": "x", "behaviour": "fulfil"}]
    )
    async def test_refuses_what_is_not_in_the_tables(self, outside: Outside, forced: dict[str, str]) -> None:
        """A behaviour that the kind does not know cannot be forced."""
        answer = await outside.operator.post("/admin/behaviour", json=forced | {"identifier": "*"})

        assert 422 == answer.status_code
