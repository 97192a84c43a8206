import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from pydantic import SecretStr

from services.notifications.app import blueprint
from services.notifications.domain import Conversation, Postpone, RecordMayHaveGone, RecordRefusal, RecordSent
from services.notifications.gateways import OptOuts, SmsGateway, e164, is_mailable, is_signed
from services.notifications.gateways.addresses import as_read
from shared.contracts.language import Reason
from shared.engine import Engine
from shared.errors import Unknown
from shared.ports import Answer, Traits
from shared.service import wire
from tests.support.clients import everybody
from tests.support.five_services.wiring import client_to, hooks
from tests.support.memory import MemoryWorld
from tests.support.outside.sms_gateway import SID, Twilio
from tests.unit.notifications.patients import (
    LETTERHEAD,
    SMS,
    call_of,
    conversation_of,
    keyring,
    mail_settings,
    patient,
    visit,
    writer,
)
from tests.unit.notifications.talking import NOON, REFERRAL, ZONE, after

KEYS = keyring()
NIGHT = datetime(2027, 3, 1, 22, tzinfo=ZoneInfo(ZONE))


def gateway(twilio: Twilio, *, may_repeat: bool = True) -> SmsGateway:
    """A gateway that speaks to this Twilio, for numbers that nobody has stopped."""
    http, letters = client_to(twilio), writer(KEYS)
    return SmsGateway(http, SMS, letters, may_repeat, OptOuts(KEYS, engines()))


def engines() -> Mapping[str, Engine]:
    """The service's engines, by decider; nothing is started."""
    plan = blueprint(LETTERHEAD, SMS, mail_settings(1))
    service = wire(plan, MemoryWorld(NOON), KEYS, everybody(client_to(Twilio())), hooks())
    return {name: aggregate.engine for name, aggregate in service.aggregates.items()}


def due(**contact: Any) -> Conversation:
    """A conversation with one message due."""
    return conversation_of(KEYS, patient(**contact), visit())


class TestSend:
    async def test_posts_one_form_as_twilio_has_it(self) -> None:
        """To the number in E.164, by account and token, with a callback that carries an opaque id alone."""
        twilio = Twilio()
        answer = await gateway(twilio).call(call_of(), due(phone="(555) 012-3456"), after(1))
        form, request = twilio.form, twilio.requests[0]
        assert "http://gateway.example/2010-04-01/Accounts/AC0/Messages.json" == str(request.url)
        assert f"Basic {base64.b64encode(b'AC0:invented-token').decode()}" == request.headers["Authorization"]
        assert form.pop("Body").startswith("Sample Valley Health: your visit is on Wed, Sep 29")
        assert {
            "To": "+15550123456",
            "From": "+15550100100",
            "StatusCallback": f"http://notifications.example/v1/sms-callbacks?message={REFERRAL}.2",
        } == form
        assert (answer.word, answer.refs, type(answer.command)) == ("alive", (SID,), RecordSent)

    async def test_waits_for_a_lawful_hour(self) -> None:
        """What was begun before nine at night and is retried after it does not leave."""
        twilio = Twilio()
        answer = await gateway(twilio).call(call_of(), due(), NIGHT)
        assert (answer.word, type(answer.command), twilio.requests) == ("not_taken", Postpone, [])

    async def test_asks_nobody_for_what_is_no_telephone(self) -> None:
        """The contact may have lost its number since."""
        twilio = Twilio()
        answer = await gateway(twilio).call(call_of(), due(phone="front desk"), after(1))
        assert ("not_taken", []) == (answer.word, twilio.requests)
        assert isinstance(answer.command, RecordRefusal)
        assert answer.command.reason == Reason(system="throughline", code="not-reachable")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b'{"code": 21211, "message": "not a number: +15550123456"}', Reason(system="twilio", code="21211")),
            (b"<html>no</html>", Reason(system="http", code="400")),
        ],
    )
    async def test_gives_up_a_number_that_the_gateway_refuses(self, content: bytes, reason: Reason) -> None:
        """Only the code is kept: the sentence repeats the number."""
        answer = await gateway(Twilio(400, content)).call(call_of(), due(), after(1))
        assert "not_taken" == answer.word
        assert isinstance(answer.command, RecordRefusal)
        assert answer.command.reason == reason

    @pytest.mark.parametrize("status", [401, 403, 404, 429])
    async def test_tries_later_when_it_is_not_about_the_number(self, status: int) -> None:
        """Wrong credentials and a full queue say nothing about the patient."""
        assert await gateway(Twilio(status, b"{}")).call(call_of(), due(), after(1)) == Answer("not_taken")

    async def test_tries_later_when_nobody_listens(self) -> None:
        """A refused connection took nothing."""
        twilio = Twilio(error=httpx2.ConnectError("refused"))
        assert await gateway(twilio).call(call_of(), due(), after(1)) == Answer("not_taken")

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (500, b""),
            (502, b"{}"),
            (302, b""),
            (201, b"<html>"),
            (201, b'{"sid": "SM1"}'),
            (201, b'{"sid"'),
            (408, b""),
        ],
    )
    async def test_cannot_tell_from_what_is_no_answer(self, status: int, content: bytes) -> None:
        """Whatever is not the gateway's word is silence."""
        with pytest.raises(Unknown):
            await gateway(Twilio(status, content)).call(call_of(), due(), after(1))

    @pytest.mark.parametrize("error", [httpx2.ReadTimeout("silence"), httpx2.RemoteProtocolError("reset")])
    async def test_cannot_tell_from_silence(self, error: Exception) -> None:
        """It may have been sent; it is not sent again here."""
        twilio = Twilio(error=error)
        with pytest.raises(Unknown):
            await gateway(twilio).call(call_of(), due(), after(1))
        assert 1 == len(twilio.requests)


class TestWithdraw:
    async def test_recalls_nothing_and_says_that_it_may_have_gone(self) -> None:
        """The domain follows with a correction."""
        twilio = Twilio()
        answer = await gateway(twilio).call(call_of("withdraw"), due(), NIGHT)
        assert (answer.word, type(answer.command), twilio.requests) == ("nothing", RecordMayHaveGone, [])


class TestTraits:
    @pytest.mark.parametrize("may_repeat", [True, False])
    async def test_promise_what_the_kind_of_message_allows(self, *, may_repeat: bool) -> None:
        """In doubt a changed appointment is told again, a reminder is not."""
        assert gateway(Twilio(), may_repeat=may_repeat).traits == Traits(may_repeat=may_repeat, land_s=10.0)


class TestE164:
    @pytest.mark.parametrize(
        ("phone", "expected"),
        [
            ("555-593-6844", "+15555936844"),
            ("+1 (415) 555-0132", "+14155550132"),
            ("+52 55 1234 5678", "+525512345678"),
            ("555-1234", None),
            ("12", None),
            ("front desk", None),
            ("", None),
            (None, None),
        ],
    )
    def test_takes_what_is_possible(self, phone: str | None, expected: str | None) -> None:
        """Which numbers are in use only the gateway knows."""
        assert e164(phone) == expected

    def test_reads_as_people_write(self) -> None:
        """Extensions cannot be dialled from a text message; numbers abroad keep their country."""
        assert "(555) 017-7777" == as_read("+15550177777 ext. 12")
        assert "+52 55 1234 5678" == as_read("+525512345678")


class TestIsMailable:
    @pytest.mark.parametrize(
        ("email", "expected"),
        [
            ("robin.sample+x@patients.example", True),
            ("robin@patients", False),
            (f"robin@{'a' * 250}.example", False),
            ("robin@patients.example, kim@patients.example", False),
            (None, False),
        ],
    )
    def test_takes_one_plain_address(self, email: str | None, *, expected: bool) -> None:
        """Anything else could address somebody else."""
        assert is_mailable(email) is expected


class TestIsSigned:
    URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
    FORM = (
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    )
    SIGNATURE = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    """Twilio's own example, with the token 12345: https://www.twilio.com/docs/usage/security."""

    @pytest.mark.parametrize(
        ("url", "form", "signature", "expected"),
        [
            (URL, FORM, SIGNATURE, True),
            (URL, FORM[::-1], SIGNATURE, True),
            (URL + "&baz=3", FORM, SIGNATURE, False),
            (URL, FORM[1:], SIGNATURE, False),
            (URL, FORM, "", False),
            (URL, FORM, "ü", False),
        ],
    )
    def test_believes_only_who_has_the_token(
        self, url: str, form: tuple[tuple[str, str], ...], signature: str, *, expected: bool
    ) -> None:
        """Over the URL and all pairs of the form, in any order."""
        token = SecretStr("12345")
        assert is_signed(token, url, form, signature) is expected
