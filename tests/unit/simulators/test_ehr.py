import json
from datetime import timedelta

from tests.unit.simulators.served_simulators import MONDAY_NOON, SERVICE_URL, Outside

INFORMATION_PATH = "/ehr/information-requests/request-1"
REPORT_PATH = "/ehr/reports/report-1"
INFORMATION_URL = f"{SERVICE_URL}/v1/referrals/demo-a/information"
ACKNOWLEDGEMENT_URL = f"{SERVICE_URL}/v1/referrals/demo-a/acknowledgement"
REQUEST = {"referral_id": "demo-a", "items": ["diagnosis", "records"], "answer_url": INFORMATION_URL}
REPORT = {"referral_id": "demo-a", "answer_url": ACKNOWLEDGEMENT_URL}


class TestAskForInformation:
    async def test_is_answered_item_by_item(self, outside: Outside) -> None:
        """Within hours the EHR supplies a value for each item, and says so to who asks."""
        await outside.force("information", "supply")
        taken = await outside.called.put(INFORMATION_PATH, json=REQUEST)

        await outside.jump()
        [callback] = await outside.callbacks(1)

        answer = json.loads(callback.content)
        assert (202, {"request_id": "request-1", "status": "received"}) == (taken.status_code, taken.json())
        assert INFORMATION_URL == str(callback.url)
        assert "request-1" == answer["request_id"]
        assert ["diagnosis", "records"] == [item["code"] for item in answer["items"]]
        assert all(item["value"] for item in answer["items"])
        assert outside.clock.instant - MONDAY_NOON <= timedelta(days=1)
        supplied = {"request_id": "request-1", "status": "supplied"}
        assert (await outside.called.get(INFORMATION_PATH)).json() == supplied

    async def test_may_never_be_answered(self, outside: Outside) -> None:
        """Some clinicians do not answer."""
        await outside.force("information", "never")
        await outside.called.put(INFORMATION_PATH, json=REQUEST)

        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    async def test_stays_quiet_when_sent_twice(self, outside: Outside) -> None:
        """One request id is one request."""
        for _ in range(2):
            await outside.called.put(INFORMATION_PATH, json=REQUEST)

        assert {"sends": 2, "effects": 1} == await outside.counts("information", "request-1")


class TestFileReport:
    async def test_is_acknowledged_within_a_working_day(self, outside: Outside) -> None:
        """The referring clinician reads the report and says so."""
        await outside.force("acknowledgement", "acknowledge")
        taken = await outside.called.put(REPORT_PATH, json=REPORT)

        await outside.jump()
        [callback] = await outside.callbacks(1)

        assert (202, {"report_id": "report-1", "status": "received"}) == (taken.status_code, taken.json())
        assert (ACKNOWLEDGEMENT_URL, {"report_id": "report-1"}) == (str(callback.url), json.loads(callback.content))
        assert outside.clock.instant - MONDAY_NOON <= timedelta(hours=24)
        acknowledged = {"report_id": "report-1", "status": "acknowledged"}
        assert (await outside.called.get(REPORT_PATH)).json() == acknowledged

    async def test_is_forgotten_when_withdrawn(self, outside: Outside) -> None:
        """A report that was taken back is not acknowledged."""
        await outside.force("acknowledgement", "acknowledge")
        await outside.called.put(REPORT_PATH, json=REPORT)

        assert 200 == (await outside.called.delete(REPORT_PATH)).status_code

        assert 404 == (await outside.called.get(REPORT_PATH)).status_code
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None
