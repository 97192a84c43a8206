import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.simulators.served_simulators import MONDAY_NOON, SERVICE_URL, Outside

CALLBACK = f"{SERVICE_URL}/v1/payer-callbacks/acme"
REFERRAL_ID = "demo-aaaaaaaaaaaaaaaaaaaaaaaaaa"
SUBMISSION = {
    "referral_id": REFERRAL_ID,
    "member_id": "INVENTED-1",
    "urgency": "standard",
    "service_ref": "service-1",
    "provider_ref": "provider-1",
    "site_ref": "site-1",
    "diagnoses": ["R69"],
    "callback_url": CALLBACK,
}
ACTIONS = {
    "certify": "A1",
    "certify_in_part": "A2",
    "deny": "A3",
    "pend_for_ever": "A4",
    "modify": "A6",
    "contact_payer": "CT",
    "no_action_required": "NA",
    "unheard_of": "Z9",
}
CHECK = {"check_id": "check-1", "member_id": "INVENTED-1", "service_type": "3", "valid_on": "2026-11-23"}
PATH = "/payers/acme/authorizations/request-1"


async def submitted(outside: Outside, behaviour: str, **changes: Any) -> dict[str, Any]:
    """Submit to a payer that will behave so, and return its answer."""
    await outside.force("authorization", behaviour)
    answer = await outside.called.put(PATH, json=SUBMISSION | changes)
    assert 201 == answer.status_code
    return dict(answer.json())


class TestCheckEligibility:
    @pytest.mark.parametrize(
        ("behaviour", "eb01", "auth_required"),
        [("active", "1", "Y"), ("inactive", "6", "U"), ("cannot_process", "V", "U")],
    )
    async def test_answers_in_the_words_of_x12(
        self, outside: Outside, behaviour: str, eb01: str, auth_required: str
    ) -> None:
        """Active, inactive and cannot process are 1, 6 and V; what is needed is known of active coverage alone."""
        await outside.force("eligibility", behaviour)
        await outside.force("auth_required", "Y")

        answer = (await outside.called.post("/payers/acme/eligibility", json=CHECK)).json()

        assert (answer["check_id"], answer["eb01"], answer["auth_required"]) == ("check-1", eb01, auth_required)
        assert {"check_id", "eb01", "auth_required", "in_network", "plan_ref"} == set(answer)

    async def test_stays_quiet_when_asked_twice(self, outside: Outside) -> None:
        """The same check gets the same answer and is counted as two sends of one check."""
        first, second = [await outside.called.post("/payers/acme/eligibility", json=CHECK) for _ in range(2)]

        assert first.json() == second.json()
        assert {"sends": 2, "effects": 1} == await outside.counts("eligibility", "check-1")

    async def test_can_be_forced_for_a_member(self, outside: Outside) -> None:
        """A behaviour can be forced by the member's number, which is then not found in clear on disk."""
        await outside.force("eligibility", "inactive", "INVENTED-1")

        other = await outside.called.post(
            "/payers/acme/eligibility", json=CHECK | {"check_id": "check-2", "member_id": "INVENTED-2"}
        )
        answer = await outside.called.post("/payers/acme/eligibility", json=CHECK)

        assert ("6", "1") == (answer.json()["eb01"], other.json()["eb01"])


class TestSubmit:
    async def test_answers_with_the_review_action(self, outside: Outside) -> None:
        """Each of these behaviours is one X12 review action, and none of them is followed by another."""
        for behaviour, action in ACTIONS.items():
            await outside.force("authorization", behaviour)

            answer = (await outside.called.put(f"/payers/acme/authorizations/{behaviour}", json=SUBMISSION)).json()

            assert (answer["request_id"], answer["action"], answer["number"]) == (behaviour, action, 1)
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    async def test_certifies_what_was_asked(self, outside: Outside) -> None:
        """A certification names service, provider, site, units and the dates within which it holds."""
        answer = await submitted(outside, "certify")

        assert [
            {
                "service_ref": "service-1",
                "window": {"start": "2026-11-23", "end": "2027-02-21"},
                "units": 3,
                "provider_ref": "provider-1",
                "site_ref": "site-1",
            }
        ] == answer["items"]

    async def test_denies_with_a_reason(self, outside: Outside) -> None:
        """A denial says why (CMS-0057-F asks for a specific reason) and that a person looked at it."""
        answer = await submitted(outside, "deny")

        assert {"system", "code"} == set(answer["reason"])
        assert answer["human_reviewed"]

    @pytest.mark.parametrize(("urgency", "due"), [("standard", timedelta(days=7)), ("expedited", timedelta(hours=72))])
    async def test_pends_with_the_payers_clock(self, outside: Outside, urgency: str, due: timedelta) -> None:
        """A pended request is due in 7 calendar days, an expedited one in 72 hours (CMS-0057-F)."""
        answer = await submitted(outside, "pend_for_ever", urgency=urgency)

        assert datetime.fromisoformat(answer["decision_due_at"]) == MONDAY_NOON + due

    @pytest.mark.parametrize(("behaviour", "action"), [("pend_then_certify", "A1"), ("pend_then_deny", "A3")])
    async def test_decides_a_pended_request_later(self, outside: Outside, behaviour: str, action: str) -> None:
        """The decision comes by callback at an office hour before the payer's clock runs out, and to who asks."""
        pended = await submitted(outside, behaviour)

        await outside.jump()
        [callback] = await outside.callbacks(1)

        decided = json.loads(callback.content)
        assert CALLBACK == str(callback.url)
        assert "Bearer authorization of acme" == callback.headers["authorization"]
        assert (decided["action"], decided["number"]) == (action, 2)
        assert REFERRAL_ID == decided["referral_id"]
        assert decided == (await outside.called.get(PATH)).json() | {"referral_id": REFERRAL_ID}
        assert MONDAY_NOON < outside.clock.instant < datetime.fromisoformat(pended["decision_due_at"])
        assert (0, 0) == (outside.clock.instant.minute, outside.clock.instant.second)

    async def test_decides_expedited_requests_sooner(self, outside: Outside) -> None:
        """An expedited request is decided within 72 hours, also across a weekend."""
        outside.clock.instant = datetime(2026, 11, 27, 16, 59, tzinfo=UTC)

        pended = await submitted(outside, "pend_then_certify", urgency="expedited")
        await outside.jump()

        assert outside.clock.instant < datetime.fromisoformat(pended["decision_due_at"])

    async def test_stays_quiet_when_sent_twice(self, outside: Outside) -> None:
        """One request id is one authorization: the second send gets the answer of the first and schedules nothing."""
        first = await submitted(outside, "pend_then_certify")
        second = await submitted(outside, "deny")

        assert first == second
        assert {"sends": 2, "effects": 1} == await outside.counts("authorization", "request-1")

    async def test_refuses_an_id_that_another_payer_knows(self, outside: Outside) -> None:
        """An id cannot be two authorizations."""
        await submitted(outside, "certify")

        answer = await outside.called.put("/payers/other/authorizations/request-1", json=SUBMISSION)

        assert 409 == answer.status_code

    async def test_refuses_without_echoing(self, outside: Outside) -> None:
        """A malformed request is a 422 that repeats nothing of it, and nothing is kept."""
        answer = await outside.called.put(PATH, json=SUBMISSION | {"urgency": "Invented Patient"})

        assert 422 == answer.status_code
        assert "Invented" not in answer.text
        assert {} == await outside.counts("authorization", "request-1")

    async def test_can_be_forced_for_a_referral(self, outside: Outside) -> None:
        """A behaviour can be forced by the referral, since request ids are derived and not known beforehand."""
        await outside.force("authorization", "certify")
        await outside.force("authorization", "deny", REFERRAL_ID)

        assert "A3" == (await outside.called.put(PATH, json=SUBMISSION)).json()["action"]


class TestInquire:
    async def test_answers_as_the_submission_was_answered(self, outside: Outside) -> None:
        """Asking is not submitting: same answer, and no further effect."""
        answer = await submitted(outside, "certify")

        assert (await outside.called.get(PATH)).json() == answer
        assert {"sends": 1, "effects": 1, "asks": 1} == await outside.counts("authorization", "request-1")

    @pytest.mark.parametrize("path", [PATH, "/payers/other/authorizations/request-2"])
    async def test_refuses_what_the_payer_never_had(self, outside: Outside, path: str) -> None:
        """An unknown id, or another payer's, is not found."""
        await outside.called.put("/payers/acme/authorizations/request-2", json=SUBMISSION)

        assert 404 == (await outside.called.get(path)).status_code


class TestCancel:
    async def test_cancels_and_forgets_the_decision(self, outside: Outside) -> None:
        """A cancelled request is C under a higher number, for ever, and its decision never comes."""
        pended = await submitted(outside, "pend_then_certify")

        answer = (await outside.called.delete(PATH)).json()

        assert (answer["action"], answer["number"], answer["reference"]) == ("C", 2, pended["reference"])
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None
        assert (await outside.called.put(PATH, json=SUBMISSION)).json() == answer

    async def test_stays_quiet_when_cancelled_twice(self, outside: Outside) -> None:
        """The second cancellation gets the answer of the first."""
        await submitted(outside, "certify")

        first, second = [(await outside.called.delete(PATH)).json() for _ in range(2)]

        assert first == second
        counts = await outside.counts("authorization", "request-1")
        assert {"sends": 1, "effects": 1, "withdrawals": 2, "withdrawn": 1} == counts

    async def test_refuses_what_the_payer_never_had(self, outside: Outside) -> None:
        """There is nothing to cancel."""
        assert 404 == (await outside.called.delete(PATH)).status_code
