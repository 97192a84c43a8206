from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.unit.simulators.served_simulators import PATIENCE_S, Outside


async def deliver(outside: Outside, timeout_s: float = PATIENCE_S) -> None:
    """Send an invented message over a real connection."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clinic@example.org", "patient@example.org", "Invented"
    message["Message-ID"] = "<m-1@throughline.example>"
    message.set_content("Invented text.\n.\nA line that begins with a dot.")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=outside.smtp_port, timeout=timeout_s, start_tls=False)


class TestDeliver:
    async def test_counts_each_message_by_its_id(self, outside: Outside) -> None:
        """Mail is not deduplicated: the same Message-ID twice is counted twice."""
        await deliver(outside)
        await deliver(outside)

        assert {"sends": 2, "effects": 2} == await outside.counts("mail", "m-1@throughline.example")

    @pytest.mark.parametrize(
        ("fault", "effects"),
        [("refuse", 0), ("429", 0), ("500", 0), ("500_after_effect", 1), ("reset", 0), ("timeout_after_effect", 1)],
    )
    async def test_fails_as_injected(self, outside: Outside, fault: str, effects: int) -> None:
        """The sender gets a refusal or nothing; whether the message was taken is another matter."""
        await outside.break_("mail", fault, times=1, seconds=0.3)

        with pytest.raises((aiosmtplib.SMTPException, OSError)):
            await deliver(outside)

        counts = await outside.counts("mail", "m-1@throughline.example")
        assert (counts["sends"], counts.get("effects", 0)) == (1, effects)
        await deliver(outside)

    async def test_takes_its_time_as_injected(self, outside: Outside) -> None:
        """A slow server is slow, and takes the message."""
        await outside.break_("mail", "latency", seconds=0.2)

        with pytest.raises(aiosmtplib.SMTPException):
            await deliver(outside, timeout_s=0.1)

        await deliver(outside)
