import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain import Conversation, Postpone, RecordMayHaveGone, RecordRefusal, RecordSent
from services.notifications.gateways import MailGateway
from shared.contracts.language import Reason
from shared.errors import Unknown
from shared.ports import Answer, Traits
from tests.support.outside.smtp_server import Server
from tests.unit.notifications.patients import (
    call_of,
    conversation_of,
    keyring,
    mail_settings,
    patient,
    visit,
    writer,
)
from tests.unit.notifications.talking import ZONE, after

KEYS = keyring()
NIGHT = datetime(2027, 3, 1, 22, tzinfo=ZoneInfo(ZONE))
MESSAGE_ID = "<0123456789abcdef0123456789abcdef@sample.example>"


def gateway(server: Server, *, may_repeat: bool = True, **settings: Any) -> MailGateway:
    """A gateway that speaks to this server."""
    return MailGateway(mail_settings(server.port, **settings), writer(KEYS), may_repeat)


def due(**contact: Any) -> Conversation:
    """A conversation with one e-mail due."""
    return conversation_of(KEYS, patient(**contact), visit(), medium="email")


class TestSend:
    async def test_delivers_one_message_with_an_id_that_no_retry_changes(self, server: Server) -> None:
        """Mail systems that deduplicate find the same Message-ID."""
        answer = await gateway(server).call(call_of(kind="email"), due(), after(1))
        mail = server.received[0]
        assert (answer.word, answer.refs, type(answer.command)) == ("alive", (MESSAGE_ID,), RecordSent)
        assert (MESSAGE_ID, "robin@patients.example") == (mail["Message-ID"], mail["To"])
        assert "Sample Valley Health <visits@sample.example>" == mail["From"]
        assert "Your visit on Wednesday, September 29, 2027" == mail["Subject"]
        assert mail["Date"].datetime == after(1)
        assert ["text/plain", "text/html"] == [part.get_content_type() for part in mail.iter_parts()]

    async def test_carries_spanish_as_it_is_written(self, server: Server) -> None:
        """An e-mail has no alphabet to fit into."""
        await gateway(server).call(call_of(kind="email"), due(language="es-MX"), after(1))
        body = server.received[0].get_body(("plain",))
        assert body is not None
        assert "miércoles, 29 de septiembre de 2027" in body.get_content()

    async def test_waits_for_a_lawful_hour(self, server: Server) -> None:
        """Telephones ring for mail too."""
        answer = await gateway(server).call(call_of(kind="email"), due(), NIGHT)
        assert (answer.word, type(answer.command), server.received) == ("not_taken", Postpone, [])

    async def test_asks_nobody_for_what_is_no_address(self, server: Server) -> None:
        """The contact may have lost its address since."""
        answer = await gateway(server).call(call_of(kind="email"), due(email="robin"), after(1))
        assert isinstance(answer.command, RecordRefusal)
        assert "not-reachable" == answer.command.reason.code

    async def test_tries_later_when_nobody_listens(self) -> None:
        """A refused connection took nothing."""
        nobody = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        closed = Server(port=nobody.sockets[0].getsockname()[1])
        nobody.close()
        await nobody.wait_closed()
        assert await gateway(closed).call(call_of(kind="email"), due(), after(1)) == Answer("not_taken")

    async def test_never_goes_on_unencrypted_when_encryption_is_set(self, server: Server) -> None:
        """A server that offers no STARTTLS gets nothing."""
        secure = gateway(server, security="starttls")
        assert await secure.call(call_of(kind="email"), due(), after(1)) == Answer("not_taken")
        assert [] == server.received

    @pytest.mark.parametrize(
        "replies",
        [
            {"to_sender": "550 not you"},
            {"to_recipient": "450 busy"},
            {"to_data": "421 later"},
            {"to_data": "452 full"},
        ],
    )
    async def test_tries_later_when_the_server_says_not_now(self, server: Server, replies: dict[str, str]) -> None:
        """Such replies say that nothing was kept."""
        vars(server).update(replies)
        assert await gateway(server).call(call_of(kind="email"), due(), after(1)) == Answer("not_taken")

    @pytest.mark.parametrize(
        ("replies", "code"),
        [({"to_recipient": "550 nobody of this name"}, "550"), ({"to_data": "554 not this"}, "554")],
    )
    async def test_gives_up_what_the_server_refuses_for_good(
        self, server: Server, replies: dict[str, str], code: str
    ) -> None:
        """A mailbox that does not exist is not tried for ever."""
        vars(server).update(replies)
        answer = await gateway(server).call(call_of(kind="email"), due(), after(1))
        assert "not_taken" == answer.word
        assert isinstance(answer.command, RecordRefusal)
        assert answer.command.reason == Reason(system="smtp", code=code)

    @pytest.mark.parametrize("replies", [{"to_data": "451 something broke"}, {"hangs_up": True}])
    async def test_cannot_tell_when_the_server_breaks_over_the_message(
        self, server: Server, replies: dict[str, Any]
    ) -> None:
        """It may have kept the message; it is not sent again here."""
        vars(server).update(replies)
        with pytest.raises(Unknown):
            await gateway(server).call(call_of(kind="email"), due(), after(1))
        assert 1 == len(server.received)


class TestWithdraw:
    async def test_recalls_nothing_and_says_that_it_may_have_gone(self, server: Server) -> None:
        """The domain follows with a correction."""
        answer = await gateway(server).call(call_of("withdraw", kind="email"), due(), NIGHT)
        assert (answer.word, type(answer.command), server.received) == ("nothing", RecordMayHaveGone, [])


class TestTraits:
    def test_promise_what_the_kind_of_message_allows(self, server: Server) -> None:
        """A reminder is never sent again in doubt."""
        assert gateway(server, may_repeat=False).traits == Traits(may_repeat=False, land_s=20.0)
