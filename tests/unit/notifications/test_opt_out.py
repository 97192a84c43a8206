"""STOP by any number ends all texts to it, over all referrals, until START; it is confirmed once."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from services.notifications.gateways import REPLY_PATH
from shared.contracts.scheduling import VisitBooked
from tests.support.one_service import DEADLINE_S, POLL_S
from tests.support.outside.sms_gateway import SID, signature
from tests.unit.notifications.patients import SMS, visit
from tests.unit.notifications.running import Running
from tests.unit.notifications.talking import REFERRAL

TOKEN = SMS.auth_token.get_secret_value()
NUMBER = "+15550123456"
OTHER = "SM" + "1" * 32
THIRD = "SM" + "2" * 32


async def reply(
    notifications: Running, text: str, sid: str = SID, signed: str | None = None, **more: str
) -> httpx2.Response:
    """What the patient writes back, as the gateway posts it."""
    form = {"From": NUMBER, "To": SMS.sender, "Body": text, "MessageSid": sid, **more}
    sign = signature(TOKEN, f"http://notifications.example{REPLY_PATH}", form) if signed is None else signed
    return await notifications.client_with().post(REPLY_PATH, data=form, headers={"X-Twilio-Signature": sign})


def texts(notifications: Running) -> list[str]:
    """What was handed to the gateway."""
    return [parse_qs(request.content.decode())["Body"][0] for request in notifications.twilio.requests]


class TestStop:
    async def test_is_confirmed_once_and_the_patient_is_reached_otherwise(self, notifications: Running) -> None:
        """A reply that comes twice is one; what there is to say goes by the next medium."""
        for _ in range(3):
            assert 204 == (await reply(notifications, "STOP")).status_code
        await notifications.until_true(lambda: bool(texts(notifications)))
        await notifications.hear_of_visit()
        facts: list[Any] = await notifications.until_told("MessageFailed", "MessageSent")

        assert ("opted-out", "email") == (facts[0].reason.code, facts[1].medium)
        [confirmation] = texts(notifications)
        assert "no more texts" in confirmation

    async def test_leaves_a_call_to_a_person_where_there_is_no_other_medium(self, notifications: Running) -> None:
        """Nobody goes without the news of a visit."""
        await reply(notifications, "ALTO")
        await notifications.hear_of_visit(email=None)

        await notifications.until_step("call_patient")

    async def test_holds_for_a_contact_that_is_spelled_otherwise(self, notifications: Running) -> None:
        """The number counts, not how it is written."""
        await reply(notifications, "stop", OptOutType="STOP")
        await notifications.hear_of_visit(phone="(555) 012-3456", email=None)
        await notifications.until_step("call_patient")

        assert [] == texts(notifications), "the gateway has confirmed it by itself"

    async def test_of_the_carriers_own_list_is_ours_too(self, notifications: Running) -> None:
        """21610: its holder has stopped this sender, and no later text is even tried."""
        notifications.twilio.status, notifications.twilio.content = 400, b'{"code": 21610}'
        await notifications.hear_of_visit(email=None)
        await notifications.until_step("call_patient")
        notifications.twilio.status = 201
        later = visit(start=visit().start + timedelta(days=1))
        sealed = notifications.keys.seal("demo", "visit", later, referral_id=REFERRAL)
        await notifications.hear_of(VisitBooked, visit_id="visit-2", replaces="visit-1", seals={"visit": sealed})
        facts: list[Any] = await notifications.until_told("MessageFailed", "MessageFailed")

        assert ["21610", "opted-out"] == [fact.reason.code for fact in facts]
        assert 1 == len(texts(notifications))

    @pytest.mark.parametrize("code", [21610, 21211])
    async def test_is_not_confirmed_again_where_the_gateway_refuses_the_confirmation(
        self, notifications: Running, code: int
    ) -> None:
        """A gateway that keeps its own list has answered already, and blocks all that follows, this text included."""
        notifications.twilio.status, notifications.twilio.content = 400, b'{"code": %d}' % code
        await reply(notifications, "STOP")
        key = notifications.world.disk.documents("opt_outs")[0]["_id"]
        engine = notifications.service.aggregates["opt_out"].engine

        async def rests() -> bool:
            document = await engine.read(key)
            return document is not None and not document.state.is_confirmed_by_us

        async with asyncio.timeout(DEADLINE_S):
            while not await rests():
                await asyncio.sleep(POLL_S)
        assert 1 == len(texts(notifications))

    async def test_keeps_the_number_nowhere_in_clear(self, notifications: Running) -> None:
        """Neither as a key nor in a document."""
        await reply(notifications, "STOP")
        stored = repr(notifications.world.disk.documents("opt_outs"))

        assert "is_stopped" in stored
        assert "5550123456" not in stored


class TestStart:
    async def test_takes_a_stop_back_until_the_next(self, notifications: Running) -> None:
        """And a stop that is delivered again after it changes nothing."""
        for text, sid in (("STOP", SID), ("START", OTHER), ("STOP", SID)):
            assert 204 == (await reply(notifications, text, sid, OptOutType=text)).status_code
        await notifications.hear_of_visit(email=None)
        await notifications.until_told("MessageSent")
        assert 1 == len(texts(notifications))

        await reply(notifications, "STOP", THIRD, OptOutType="STOP")
        assert [True] == [each["state"]["is_stopped"] for each in notifications.world.disk.documents("opt_outs")]


class TestReply:
    @pytest.mark.parametrize("text", ["CANCEL my visit", "yes", ""])
    async def test_without_a_keyword_stops_nothing(self, notifications: Running, text: str) -> None:
        """CANCEL with other words never cancels anything, here or elsewhere."""
        assert 204 == (await reply(notifications, text)).status_code
        await notifications.hear_of_visit()

        await notifications.until_told("MessageSent")

    async def test_that_nobody_signed_is_refused(self, notifications: Running) -> None:
        """401, and nothing is stopped: anybody could silence a patient's texts."""
        assert 401 == (await reply(notifications, "STOP", signed="bm9uc2Vuc2U=")).status_code
        assert 401 == (await notifications.client_with().post(REPLY_PATH, data={"Body": "STOP"})).status_code
        await notifications.hear_of_visit()

        await notifications.until_told("MessageSent")

    async def test_that_names_no_message_is_refused(self, notifications: Running) -> None:
        """422: without its id a second delivery cannot be told from a second reply."""
        assert 422 == (await reply(notifications, "STOP", sid="x")).status_code

    async def test_waits_outside_while_the_store_is_down(self, notifications: Running) -> None:
        """503: the gateway brings it again; only what is saved is answered with 204."""
        notifications.world.disk.is_database_down = True
        assert 503 == (await reply(notifications, "STOP")).status_code
