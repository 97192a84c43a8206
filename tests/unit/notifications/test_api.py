from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from services.notifications.gateways.sms import CALLBACK_PATH
from shared.contracts.intake import ReferralReceived
from shared.contracts.scheduling import VisitCancelled
from shared.identity import Role
from tests.support.outside.sms_gateway import SID, signature
from tests.unit.notifications.patients import SMS
from tests.unit.notifications.running import Running
from tests.unit.notifications.talking import REFERRAL

CONVERSATION = f"/v1/conversations/{REFERRAL}"
NO_ANSWER = {"reached": False, "outcome": "no_answer"}
DELIVERED = {"MessageSid": SID, "MessageStatus": "delivered", "AccountSid": "AC0"}
TOKEN = SMS.auth_token.get_secret_value()


def key(name: str) -> dict[str, str]:
    """An Idempotency-Key."""
    return {"Idempotency-Key": name}


async def report(
    notifications: Running, form: dict[str, str], message: str = f"{REFERRAL}.1", signed: str | None = None
) -> httpx2.Response:
    """The gateway's callback, signed as it should be unless told otherwise."""
    path = f"{CALLBACK_PATH}?message={message}"
    sign = signature(TOKEN, f"http://notifications.example{path}", form) if signed is None else signed
    return await notifications.client_with().post(path, data=form, headers={"X-Twilio-Signature": sign})


class TestSmsCallbacks:
    async def test_tell_that_the_message_arrived(self, notifications: Running) -> None:
        """The whole way: facts in, a text out with a callback of opaque ids, its receipt in, facts out."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        callback = urlsplit(parse_qs(notifications.twilio.requests[0].content.decode())["StatusCallback"][0])
        assert (CALLBACK_PATH, f"message={REFERRAL}.1") == (callback.path, callback.query)
        assert 204 == (await report(notifications, DELIVERED)).status_code
        sent, delivered = await notifications.until_told("MessageSent", "MessageDelivered")
        assert [["await_receipt"], []] == [[task.act for task in fact.tasks] for fact in (sent, delivered)]
        assert "callback" == delivered.channel

    async def test_lead_to_an_email_when_the_message_did_not_arrive(self, notifications: Running) -> None:
        """The next medium, and its Message-ID is the effect's."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        form = {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30003"}
        assert 204 == (await report(notifications, form)).status_code
        facts: list[Any] = await notifications.until_told("MessageSent", "MessageFailed", "MessageSent")
        assert ("30003", "email") == (facts[1].reason.code, facts[2].medium)
        assert 1 == len(notifications.mail.received)

    async def test_are_taken_any_number_of_times(self, notifications: Running) -> None:
        """Gateways repeat themselves."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        for _ in range(3):
            assert 204 == (await report(notifications, DELIVERED)).status_code
        await notifications.until_told("MessageSent", "MessageDelivered")

    @pytest.mark.parametrize("status", ["queued", "sending", "sent", "invented"])
    async def test_mean_nothing_before_the_end(self, notifications: Running, status: str) -> None:
        """On its way is not arrived."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        assert 204 == (await report(notifications, {**DELIVERED, "MessageStatus": status})).status_code
        await notifications.until_told("MessageSent")

    @pytest.mark.parametrize("signed", ["", "invented", signature("another token", "http://x", DELIVERED)])
    async def test_are_believed_only_with_the_gateways_signature(self, notifications: Running, signed: str) -> None:
        """Anybody could say that a patient knows of a visit."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        assert 401 == (await report(notifications, DELIVERED, signed=signed)).status_code
        unsigned = await notifications.client_with().post(f"{CALLBACK_PATH}?message={REFERRAL}.1", data=DELIVERED)
        assert 401 == unsigned.status_code
        await notifications.until_told("MessageSent")

    async def test_are_not_believed_for_another_message_or_another_form(self, notifications: Running) -> None:
        """The signature covers the id and every field."""
        of_one = signature(TOKEN, f"http://notifications.example{CALLBACK_PATH}?message={REFERRAL}.1", DELIVERED)
        assert 401 == (await report(notifications, DELIVERED, f"{REFERRAL}.2", of_one)).status_code
        changed = {**DELIVERED, "MessageStatus": "failed"}
        assert 401 == (await report(notifications, changed, signed=of_one)).status_code

    @pytest.mark.parametrize("message", ["", "x", f"{REFERRAL}.2", f"{REFERRAL}.", "demo-abcdefghijklmnopqrstuvwxy2.1"])
    async def test_find_nothing_for_an_id_that_is_none(self, notifications: Running, message: str) -> None:
        """Signed, but about no message of ours."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        assert 404 == (await report(notifications, DELIVERED, message)).status_code

    async def test_refuse_a_form_without_its_id(self, notifications: Running) -> None:
        """Evidence without a reference would not stop a message from being sent again."""
        answer = await report(notifications, {"MessageStatus": "delivered"})
        assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


class TestRead:
    async def test_shows_what_was_said_and_nothing_that_is_sealed(self, notifications: Running) -> None:
        """Neither name nor number, address, site or hour."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        answer = await notifications.client(Role.COORDINATOR).get(CONVERSATION)
        found = answer.json()
        assert f'"{found["version"]}"' == answer.headers["ETag"]
        assert [("visit_booked", "sms", "sent")] == [(m["kind"], m["medium"], m["status"]) for m in found["messages"]]
        assert ("await_receipt", ["record_contact"]) == (found["tasks"][0]["act"], found["allowed"])
        for secret in ("Robin", "5550123456", "Invented", "Oncology", "22:30", notifications_seal(notifications)):
            assert secret not in answer.text

    async def test_allows_only_what_the_caller_may_do(self, notifications: Running) -> None:
        """An operator sees, and calls nobody."""
        await notifications.hear_of_visit()
        await notifications.until_told("MessageSent")
        answer = await notifications.client(Role.OPERATOR).get(CONVERSATION)
        assert [] == answer.json()["allowed"]


def notifications_seal(notifications: Running) -> str:
    """The sealed contact as it rests in the store."""
    [document] = notifications.world.disk.documents("conversations")
    return str(document["state"]["reach"]["seal"])


class TestRecordContact:
    async def test_hands_over_to_the_clinician_after_three_calls(self, notifications: Running) -> None:
        """A patient without any medium is called, and after three calls found unreachable."""
        await notifications.hear_of_visit(phone=None, email=None)
        await notifications.until_step("call_patient")
        client = notifications.client(Role.COORDINATOR)
        for number in range(3):
            answer = await client.post(f"{CONVERSATION}/contact", json=NO_ANSWER, headers=key(f"call-{number}"))
            assert 202 == answer.status_code
        facts = await notifications.until_told(*["ContactRecorded"] * 3, "PatientUnreachable")
        assert [("decide_on_unreachable", "clinician")] == [(task.act, task.owner) for task in facts[-1].tasks]

    async def test_records_a_call_that_is_sent_twice_once(self, notifications: Running) -> None:
        """A retry gets the first answer."""
        await notifications.hear_of_visit(phone=None, email=None)
        await notifications.until_step("call_patient")
        client = notifications.client(Role.NURSE)
        first = await client.post(f"{CONVERSATION}/contact", json=NO_ANSWER, headers=key("call"))
        again = await client.post(f"{CONVERSATION}/contact", json=NO_ANSWER, headers=key("call"))
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        await notifications.until_told("ContactRecorded")

    async def test_is_not_asked_for_any_more_when_the_visit_is_off(self, notifications: Running) -> None:
        """The visit was cancelled before anybody called."""
        await notifications.hear_of_visit(phone=None, email=None)
        await notifications.until_step("call_patient")
        await notifications.hear_of(VisitCancelled)
        await notifications.until_step(None)

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            (NO_ANSWER, {}, 400),
            ({"reached": True, "outcome": "no_answer"}, key("call"), 409),
            ({"reached": "yes", "outcome": "no_answer"}, key("call"), 422),
            ({"reached": False, "outcome": "shouted"}, key("call"), 422),
            ({"reached": False}, key("call"), 422),
            ({**NO_ANSWER, "notes": "free text"}, key("call"), 422),
            (NO_ANSWER, {**key("call"), "If-Match": '"999"'}, 412),
        ],
    )
    async def test_refuses_what_is_not_a_call(
        self, notifications: Running, body: dict[str, Any], headers: dict[str, str], status: int
    ) -> None:
        """Each with the problem that it is, and nothing recorded."""
        await notifications.hear_of_visit(phone=None, email=None)
        await notifications.until_step("call_patient")
        client = notifications.client(Role.COORDINATOR)
        answer = await client.post(f"{CONVERSATION}/contact", json=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert "shouted" not in answer.text
        await notifications.until_told()


class TestParking:
    async def test_holds_a_seal_that_cannot_be_opened(self, notifications: Running) -> None:
        """An operator sees that it waits and why."""
        await notifications.hear_of(ReferralReceived, seals={"contact": "not a seal"})
        await notifications.until_told("ReferralParked")
        answer = await notifications.client(Role.OPERATOR).get("/v1/parked")
        assert ["failed:SealingError"] == [entry["reason"] for entry in answer.json()["parked"]]
