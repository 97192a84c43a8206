"""Writes messages: seals are opened here and nowhere else on the way out, and what was read leaves only as text.

No text names a specialty, a site or a practitioner: each of them can reveal a diagnosis.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifications.domain import Conversation, Message, visit_spoken_of
from services.notifications.gateways.addresses import as_read, e164, is_mailable
from services.notifications.gateways.gsm import MOST, gsm_length, to_gsm
from services.notifications.settings import LetterheadSettings
from shared.contracts.language import tenant_of
from shared.contracts.sealed import Contact, VisitDetails
from shared.sealing import Keyring

LOCALES: Final = {"en": "en_US", "es": "es_US"}
"""The languages that there are templates in, each with how it is written in the United States."""
FALLBACK: Final = "en"
PURPOSE: Final = "write_message"
TEMPLATES: Final = Path(__file__).resolve().parents[1] / "templates"

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=select_autoescape(("html",)),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)


@dataclass(frozen=True, repr=False)
class Text:
    """A text message: `to` is E.164."""

    to: str
    body: str


@dataclass(frozen=True, repr=False)
class Letter:
    """An e-mail."""

    to: str
    subject: str
    plain: str
    html: str


@dataclass(frozen=True)
class Writer:
    """Writes in the patient's language, on our letterhead."""

    keyring: Keyring
    letterhead: LetterheadSettings

    def text(self, conversation: Conversation, message: Message) -> Text | None:
        """The text message, at most 160 characters of GSM's alphabet; None without a number to send it to.

        An address that does not fit is left out: half an address misleads, and the telephone number is there.
        """
        contact, visit = self._opened(conversation, message)
        to = e164(contact.phone)
        if to is None:
            return None
        language = language_of(contact)
        template = _ENVIRONMENT.get_template(f"{language}/{message.notice.kind}.sms.txt")
        values = {**self._letterhead(visit), **short_time(visit, LOCALES[language])}
        whole = to_gsm(template.render(**values, address=visit.site_address))
        fits = gsm_length(whole) <= MOST
        return Text(to, whole if fits else to_gsm(template.render(**values, address="")))

    def confirmation(self, to: str) -> Text:
        """That no more texts come, in both languages: nothing is known of a number but that its holder wrote STOP."""
        said = [_ENVIRONMENT.get_template(f"{language}/opted_out.sms.txt") for language in LOCALES]
        letterhead = {"sender": self.letterhead.sender_name, "phone": as_read(self.letterhead.phone) or ""}
        return Text(to, to_gsm(" ".join(template.render(**letterhead) for template in said)))

    def letter(self, conversation: Conversation, message: Message) -> Letter | None:
        """The e-mail: the template's first line is its subject; None without an address to send it to."""
        contact, visit = self._opened(conversation, message)
        if contact.email is None or not is_mailable(contact.email):
            return None
        language = language_of(contact)
        template = _ENVIRONMENT.get_template(f"{language}/{message.notice.kind}.mail.txt")
        subject, _, plain = template.render(
            **self._letterhead(visit),
            **long_time(visit, LOCALES[language]),
            address=visit.site_address,
            given=contact.given,
        ).partition("\n\n")
        paragraphs = [paragraph.splitlines() for paragraph in plain.split("\n\n")]
        html = _ENVIRONMENT.get_template("mail.html").render(language=language, paragraphs=paragraphs)
        return Letter(contact.email, " ".join(subject.split()), plain, html)

    def _letterhead(self, visit: VisitDetails) -> dict[str, str]:
        phone = as_read(visit.phone) or as_read(self.letterhead.phone) or self.letterhead.phone
        return {"sender": self.letterhead.sender_name, "phone": phone}

    def _opened(self, conversation: Conversation, message: Message) -> tuple[Contact, VisitDetails]:
        reach, visit = conversation.reach, visit_spoken_of(conversation, message.notice)
        if reach is None or reach.seal is None or visit is None:
            raise LookupError("A message without a contact or a visit was begun.")
        referral_id = conversation.referral_id
        opened = partial(self.keyring.open, tenant_of(referral_id), purpose=PURPOSE, referral_id=referral_id)
        return opened("contact", reach.seal, Contact), opened("visit", visit.seal, VisitDetails)


def language_of(contact: Contact) -> str:
    """The patient's language if we have it, by the first part of its tag (`es-MX` is Spanish), else English."""
    language = contact.language.replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def short_time(visit: VisitDetails, locale: str) -> dict[str, str]:
    """Date and time at the site in few characters: `Wed, Sep 30` and `5:30 PM CDT`."""
    local = _local(visit)
    return {"date": format_skeleton("MMMEd", local, locale=locale), "time": _clock(local, locale)}


def long_time(visit: VisitDetails, locale: str) -> dict[str, str]:
    """Date and time at the site in full."""
    local = _local(visit)
    return {"date": format_date(local, "full", locale=locale), "time": _clock(local, locale)}


def _local(visit: VisitDetails) -> datetime:
    """The start on the site's clock; for a zone that nobody knows, as it came, with its offset for a name."""
    try:
        return visit.start.astimezone(ZoneInfo(visit.timezone))
    except (ZoneInfoNotFoundError, ValueError):
        return visit.start


def _clock(local: datetime, locale: str) -> str:
    zone = get_timezone_name(local, "short", locale=locale)
    return f"{format_time(local, 'short', locale=locale)} {zone}".replace("\u202f", " ")
