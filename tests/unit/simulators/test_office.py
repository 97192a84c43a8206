import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.simulators.served_simulators import MONDAY_NOON, SERVICE_URL, Outside

ANSWER_URL = f"{SERVICE_URL}/v1/placements/demo-a/answer"
OUTCOME_URL = f"{SERVICE_URL}/v1/placements/demo-a/outcome"
REPORT_URL = f"{SERVICE_URL}/v1/referrals/demo-a/reports"
START = "2026-12-03T10:00:00-05:00"
REQUEST = {
    "referral_id": "demo-a",
    "site_ref": "site-1",
    "priority": "routine",
    "service_ref": "service-1",
    "answer_url": ANSWER_URL,
}
VISIT = {
    "referral_id": "demo-a",
    "start": START,
    "minutes": 45,
    "outcome_url": OUTCOME_URL,
    "report_url": REPORT_URL,
}
REQUEST_PATH = "/offices/office-1/requests/request-1"
VISIT_PATH = "/offices/office-1/appointments/visit-1"


async def booked(outside: Outside, visit: str, report: str) -> None:
    """Book the visit at an office that will behave so."""
    await outside.force("visit", visit)
    await outside.force("report", report)
    answer = await outside.called.put(VISIT_PATH, json=VISIT)
    assert (201, {"visit_id": "visit-1", "status": "booked"}) == (answer.status_code, answer.json())


async def next_callback(outside: Outside) -> tuple[str, dict[str, Any]]:
    """Jump to the next callback, and return where the callback of that went and what it said."""
    n = len(outside.service.received)
    await outside.jump()
    received = await outside.callbacks(n + 1)
    return str(received[-1].url), json.loads(received[-1].content)


class TestRequestAcceptance:
    @pytest.mark.parametrize(("behaviour", "accepted"), [("accept", True), ("decline", False)])
    async def test_is_answered_within_hours(self, outside: Outside, behaviour: str, accepted: bool) -> None:
        """The office takes the request at once, and says yes or no at an office hour of the same or the next day."""
        await outside.force("office_request", behaviour)
        taken = await outside.called.put(REQUEST_PATH, json=REQUEST)

        url, answer = await next_callback(outside)

        assert (202, {"request_id": "request-1", "status": "received"}) == (taken.status_code, taken.json())
        assert (url, answer["request_id"], answer["accepted"]) == (ANSWER_URL, "request-1", accepted)
        assert ("reason" in answer) is not accepted
        assert outside.clock.instant - MONDAY_NOON <= timedelta(hours=24)
        status = "accepted" if accepted else "declined"
        assert {"request_id": "request-1", "status": status} == (await outside.called.get(REQUEST_PATH)).json()

    async def test_is_answered_at_any_hour_when_it_cannot_wait(self, outside: Outside) -> None:
        """A STAT request is answered within two hours, at night and at the weekend."""
        outside.clock.instant = night = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
        await outside.force("office_request", "accept")
        await outside.called.put(REQUEST_PATH, json=REQUEST | {"priority": "stat"})

        await outside.jump()

        assert outside.clock.instant - night <= timedelta(hours=2)

    async def test_is_never_answered_by_a_silent_office(self, outside: Outside) -> None:
        """Silence is a behaviour too: taken, and nothing more."""
        await outside.force("office_request", "stay_silent")
        await outside.called.put(REQUEST_PATH, json=REQUEST)

        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    async def test_stays_quiet_when_sent_twice(self, outside: Outside) -> None:
        """One request id is one request, and one answer."""
        for _ in range(2):
            await outside.called.put(REQUEST_PATH, json=REQUEST)

        assert {"sends": 2, "effects": 1} == await outside.counts("office_request", "request-1")

    async def test_is_forgotten_when_withdrawn(self, outside: Outside) -> None:
        """After a withdrawal nobody answers, it cannot be found, and a late send does not bring it back."""
        await outside.force("office_request", "accept")
        await outside.called.put(REQUEST_PATH, json=REQUEST)

        withdrawn = [await outside.called.delete(REQUEST_PATH) for _ in range(2)]

        assert [200, 200] == [answer.status_code for answer in withdrawn]
        assert 404 == (await outside.called.get(REQUEST_PATH)).status_code
        assert "withdrawn" == (await outside.called.put(REQUEST_PATH, json=REQUEST)).json()["status"]
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    async def test_is_unknown_to_other_offices(self, outside: Outside, method: str) -> None:
        """What one office was asked is not found at another."""
        await outside.called.put(REQUEST_PATH, json=REQUEST)

        answer = await outside.called.request(method, "/offices/office-2/requests/request-1")

        assert 404 == answer.status_code


class TestBook:
    async def test_is_followed_by_the_outcome_and_the_report(self, outside: Outside) -> None:
        """When the visit is over the office says that it took place, and days later it returns the report."""
        await booked(outside, "fulfil", "send")

        first_url, outcome = await next_callback(outside)
        outcome_at = outside.clock.instant
        second_url, report = await next_callback(outside)

        assert (OUTCOME_URL, REPORT_URL) == (first_url, second_url)
        assert outcome_at == datetime(2026, 12, 3, 16, 0, tzinfo=UTC)
        assert (
            "visit-1",
            "fulfilled",
            True,
        ) == (outcome["visit_id"], outcome["outcome"], bool(outcome["evidence_ref"]))
        assert ("visit-1", "final") == (report["visit_id"], report["kind"])
        assert report["report_id"]
        assert report["document_ref"]
        assert timedelta(days=1) <= outside.clock.instant - outcome_at <= timedelta(days=7)
        assert {"visit_id": "visit-1", "status": "fulfilled"} == (await outside.called.get(VISIT_PATH)).json()

    async def test_is_followed_by_no_report_when_missed(self, outside: Outside) -> None:
        """The office says that the patient did not come, and there is nothing to report."""
        await booked(outside, "miss", "send")

        _, outcome = await next_callback(outside)

        assert "missed" == outcome["outcome"]
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    async def test_may_be_followed_by_the_report_alone(self, outside: Outside) -> None:
        """An office that says nothing of the visit may still send the report, the first evidence of it."""
        await booked(outside, "stay_silent", "send")

        url, _ = await next_callback(outside)

        assert REPORT_URL == url

    async def test_may_be_followed_by_a_late_report(self, outside: Outside) -> None:
        """A late report comes weeks after the visit."""
        await booked(outside, "stay_silent", "send_late")

        await outside.jump()

        assert outside.clock.instant - datetime.fromisoformat(START) > timedelta(days=11)

    async def test_takes_its_callbacks_along_when_withdrawn(self, outside: Outside) -> None:
        """A visit that was cancelled has neither outcome nor report."""
        await booked(outside, "fulfil", "send")

        assert 200 == (await outside.called.delete(VISIT_PATH)).status_code

        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    async def test_refuses_a_start_without_an_offset(self, outside: Outside) -> None:
        """A start that does not say where it lies on the line of time is no start."""
        answer = await outside.called.put(VISIT_PATH, json=VISIT | {"start": "2026-12-03T10:00:00"})

        assert 422 == answer.status_code
