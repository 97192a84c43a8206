import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest

from deploy.simulators.sms import number_key, text_key
from tests.unit.simulators.served_simulators import SERVICE_URL, SMS_ACCOUNT, SMS_TOKEN, Outside

PATH = f"/2010-04-01/Accounts/{SMS_ACCOUNT}/Messages.json"
CALLBACK = f"{SERVICE_URL}/v1/sms-callbacks?message=m-1"
FORM = {"To": "+15555550123", "From": "+15555550100", "Body": "Invented text", "StatusCallback": CALLBACK}
CUSTOMER = (SMS_ACCOUNT, SMS_TOKEN)


async def sent(outside: Outside, auth: tuple[str, str] = CUSTOMER, **changes: str) -> httpx2.Response:
    """Send with basic authentication, which takes the place of the bearer token."""
    return await outside.called.post(PATH, data=FORM | changes, auth=auth)


class TestSend:
    async def test_is_queued_under_an_id_of_its_own(self, outside: Outside) -> None:
        """A gateway does not deduplicate: the same text twice is two messages, and is counted as two."""
        first, second = [await sent(outside) for _ in range(2)]

        assert (201, "queued") == (first.status_code, first.json()["status"])
        assert first.json()["sid"] != second.json()["sid"]
        counts = await outside.counts("sms", text_key(FORM["To"], FORM["Body"]))
        assert (2, 2) == (counts["sends"], counts["effects"])
        assert {"effects": 2} == await outside.counts("sms_number", number_key(FORM["To"]))

    @pytest.mark.parametrize(("behaviour", "status"), [("deliver", "delivered"), ("fail", "undelivered")])
    async def test_is_reported_on_at_once(self, outside: Outside, behaviour: str, status: str) -> None:
        """Within a second the gateway says whether the message arrived, without naming the number."""
        await outside.force("sms", behaviour, FORM["To"])
        sid = (await sent(outside)).json()["sid"]

        await outside.jump()
        [callback] = await outside.callbacks(1)

        answer = dict(parse_qsl(callback.content.decode()))
        assert (answer["MessageSid"], answer["MessageStatus"]) == (sid, status)
        assert ("ErrorCode" in answer) is (behaviour == "fail")
        assert FORM["To"] not in answer.values()

    async def test_is_reported_on_under_a_signature(self, outside: Outside) -> None:
        """X-Twilio-Signature is computed here by hand: URL, then each name and value in the order of names."""
        await sent(outside)
        await outside.jump()
        [callback] = await outside.callbacks(1)

        pairs: list[Any] = sorted(parse_qsl(callback.content.decode()))
        signed = "".join([CALLBACK, *(name + value for name, value in pairs)])
        mac = hmac.new(SMS_TOKEN.encode(), signed.encode(), hashlib.sha1)
        assert callback.headers["x-twilio-signature"] == base64.b64encode(mac.digest()).decode()
        assert CALLBACK == str(callback.url)
        assert "authorization" not in callback.headers

    async def test_is_not_reported_on_when_nobody_wants_to_know(self, outside: Outside) -> None:
        """Without a StatusCallback there is none."""
        form = {name: value for name, value in FORM.items() if name != "StatusCallback"}

        answer = await outside.called.post(PATH, data=form, auth=CUSTOMER)

        assert 201 == answer.status_code
        assert (await outside.operator.get("/agenda")).json()["next_due_at"] is None

    @pytest.mark.parametrize("auth", [(SMS_ACCOUNT, "wrong"), ("AC1", SMS_TOKEN)])
    async def test_refuses_strangers(self, outside: Outside, auth: tuple[str, str]) -> None:
        """Neither a wrong token nor another account may send."""
        assert 401 == (await sent(outside, auth)).status_code

    async def test_refuses_what_is_no_message(self, outside: Outside) -> None:
        """A message without a text is refused without repeating the number."""
        answer = await sent(outside, Body="")

        assert 422 == answer.status_code
        assert FORM["To"] not in answer.text
