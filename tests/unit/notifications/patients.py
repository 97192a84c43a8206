"""Invented patients and visits, sealed as intake and scheduling seal them, and calls as the engine writes them down."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from joserfc.jwk import OctKey
from pydantic import SecretStr

from services.notifications.domain import AT_MOST_ONCE, Conversation, Kind, Message, Notice
from services.notifications.domain.state import ContactChannels, Medium, Visit
from services.notifications.gateways import Writer
from services.notifications.settings import LetterheadSettings, MailSettings, SmsSettings
from shared.contracts.sealed import Contact, VisitDetails
from shared.ports import Act, Call
from shared.sealing import Keyring
from tests.unit.notifications.talking import NOON, REFERRAL, ZONE

LETTERHEAD = LetterheadSettings(sender_name="Sample Valley Health", phone="(555) 010-0100")
SMS = SmsSettings(
    url="http://gateway.example",
    callback_url="http://notifications.example",
    account_sid="AC0",
    auth_token=SecretStr("invented-token"),
    sender="+15550100100",
)
STARTS_AT = datetime(2027, 9, 29, 22, 30, tzinfo=ZoneInfo("America/Chicago"))


def keyring() -> Keyring:
    """Keys of this service's audiences, made anew."""
    kids = [f"demo:{audience}:1" for audience in ("contact", "visit", "clinical")]
    return Keyring({"keys": [OctKey.generate_key(256, {"kid": kid}).as_dict(private=True) for kid in kids]})


def mail_settings(port: int, **changes: Any) -> MailSettings:
    """A mail server on this machine, without encryption."""
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "visits@sample.example"}
    return MailSettings(**{**given, **changes})


def patient(**changes: Any) -> Contact:
    """Somebody who does not exist."""
    given: dict[str, Any] = {
        "given": "Robin",
        "family": "Sample",
        "phone": "+15550123456",
        "email": "robin@patients.example",
        "timezone": ZONE,
    }
    return Contact(**{**given, **changes})


def visit(**changes: Any) -> VisitDetails:
    """A visit whose site and practitioner give a specialty away."""
    given: dict[str, Any] = {
        "start": STARTS_AT,
        "minutes": 40,
        "timezone": "America/Chicago",
        "site_name": "Sample Oncology Pavilion",
        "site_address": "12 Invented Street, Springfield, IL 62700",
        "practitioner_name": "Dr. Onco Logist",
        "phone": "+15550177777",
    }
    return VisitDetails(**{**given, **changes})


def conversation_of(
    keys: Keyring, contact: Contact, details: VisitDetails, kind: Kind = "visit_booked", medium: Medium = "sms"
) -> Conversation:
    """A conversation in which one message of this kind is due; before one about a referral, the visit was told of."""
    about = REFERRAL if kind == "referral_cancelled" else "visit-1"
    notice = Notice(kind, about, days_before=3 if kind in AT_MOST_ONCE else 0)
    told = Message(1, Notice("visit_booked", "visit-1"), 1, medium, 1, NOON, "delivered", was_sent=True)
    due = Message(2, notice, 1, medium, 1, NOON)
    status = {"visit_cancelled": "cancelled", "visit_missed": "missed"}.get(kind, "booked")
    starts_at = details.start
    seal = keys.seal("demo", "visit", details, referral_id=REFERRAL)
    heard = Visit("visit-1", starts_at, details.timezone, seal, NOON, status, NOON)  # type: ignore[arg-type] # of the table above
    moved = (heard,) if kind != "visit_moved" else (_before(heard), heard)
    return Conversation(
        referral_id=REFERRAL,
        reach=ContactChannels(
            ("sms", "email"), contact.timezone, keys.seal("demo", "contact", contact, referral_id=REFERRAL), NOON
        ),
        visits=moved,
        messages=(told, due) if kind not in {"visit_booked", "visit_moved"} else (_earlier(told), due),
        cancelled_at=NOON if kind == "referral_cancelled" else None,
    )


def _before(heard: Visit) -> Visit:
    return Visit("visit-0", heard.starts_at, heard.timezone, heard.seal, NOON, "replaced", NOON)


def _earlier(told: Message) -> Message:
    return Message(1, Notice("visit_booked", "visit-0"), 1, told.medium, 1, NOON, "delivered", was_sent=True)


def writer(keys: Keyring) -> Writer:
    """Writes on an invented letterhead."""
    return Writer(keys, LETTERHEAD)


def call_of(act: Act = "send", number: int = 2, kind: str = "sms") -> Call:
    """A call as the engine writes it down."""
    return Call("0123456789abcdef0123456789abcdef", REFERRAL, kind, number, act, 1)
