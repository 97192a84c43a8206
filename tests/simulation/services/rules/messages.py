"""A patient is told what is true, as often as the kind of message allows, and not after the end."""

from collections import Counter
from datetime import datetime, timedelta

from services.notifications.domain import AT_MOST_ONCE, Conversation, Message, Notice
from shared.effects.protocol import id_of
from shared.engine import Document
from tests.simulation.services.rules.known import COLLECTIONS, Known
from tests.support.five_services.plans import MAIL

LANDS_AFTER = timedelta(seconds=30)
"""A message that was begun before the end may land so long after it."""
WENT = ("sent", "delivered")
NEVER_WENT = ("dropped", "postponed")


def wrong_messages(known: Known) -> list[str]:
    """What is wrong with what patients were told."""
    found = []
    for document in known.documents.get(COLLECTIONS["notifications"], {}).values():
        for message in document.state.messages:
            found += _wrong_message(known, document, message)
        found += _said_again(known, document)
    return found


def _said_again(known: Known, document: Document) -> list[str]:
    """What may be said once is said once, under whatever number; one that its gateway reports lost was not said."""
    went: Counter[Notice] = Counter()
    for message in document.state.messages:
        if message.notice.kind in AT_MOST_ONCE and not (message.was_sent and message.status == "failed"):
            went[message.notice] += len(known.outside.sent.get(_name(document, message), []))
    return [f"{document.id} said {notice} {n} times" for notice, n in went.items() if n > 1]


def _wrong_message(known: Known, document: Document, message: Message) -> list[str]:
    conversation: Conversation = document.state
    went = known.outside.sent.get(_name(document, message), [])
    about = f"{document.id} message {message.number} ({message.notice.kind}, {message.status})"
    found = []
    if message.notice.kind in AT_MOST_ONCE and len(went) > 1:
        found.append(f"{about} went out {len(went)} times")
    if message.status in WENT and not went:
        found.append(f"{about} never went out")
    if message.status in NEVER_WENT and went:
        found.append(f"{about} went out at {went}")
    until = _reminds_until(conversation, message)
    found += [f"{about} went out at {at}, of use until {until}" for at in went if until and at > until + LANDS_AFTER]
    return found


def _reminds_until(conversation: Conversation, message: Message) -> datetime | None:
    """A reminder is for a visit that lies ahead, and was not cancelled or moved."""
    visit = conversation.visit(message.notice.about)
    if message.notice.kind != "visit_reminder" or visit is None:
        return None
    return min(at for at in (visit.starts_at, visit.ended_at, conversation.cancelled_at) if at)


def _name(document: Document, message: Message) -> str:
    if message.medium == "sms":
        return str(document.state.message_id(message.number))
    record = document.calls[f"{message.effect_kind}:{message.number}"]
    return f"<{id_of(document.id, record)}@{MAIL.sender.rpartition('@')[2]}>"
