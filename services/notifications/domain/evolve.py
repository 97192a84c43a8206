"""Applies facts to a conversation. Total: a fact that was recorded is never refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.notifications.domain.facts import (
    CancellationNoted,
    ClosingNoted,
    ContactKept,
    ConversationFact,
    MessageDropped,
    MessagePlanned,
    MessagePostponed,
    MessagesHeld,
    NoticeLapsed,
    NoticesPhoned,
    PublishedFact,
    VisitEnded,
    VisitNoted,
)
from services.notifications.domain.state import Conversation, Message, MessageStatus, Visit, VisitStatus
from shared.contracts.notifications import (
    ContactRecorded,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    PatientUnreachable,
)

_AFTER: Mapping[type[PublishedFact], Mapping[MessageStatus, MessageStatus]] = {
    MessageSent: dict.fromkeys(("due", "unknown", "dropped", "postponed", "gone", "failed"), "sent"),
    MessageDelivered: dict.fromkeys(("sent", "failed"), "delivered"),
    MessageFailed: {"due": "failed", "sent": "failed"},
    MessageUnknown: {"due": "unknown", "dropped": "gone", "postponed": "gone"},
}
"""The status that each fact gives to a message. A status that is not listed stays: evidence outweighs silence."""


def evolve(conversation: Conversation, fact: ConversationFact) -> Conversation:
    """Fold one fact."""
    match fact:
        case MessageSent() | MessageDelivered() | MessageFailed() | MessageUnknown():
            return _told(conversation, fact)
        case ContactRecorded() | PatientUnreachable():
            return _called(conversation, fact)
        case MessagePlanned() | MessageDropped() | MessagePostponed():
            return _planned(conversation, fact)
        case MessagesHeld() | NoticeLapsed() | NoticesPhoned():
            return _noted(conversation, fact)
        case _:
            return _heard(conversation, fact)


def number_of(message_id: str) -> int:
    """The number of a message within its conversation; 0 for an id that is none."""
    number = message_id.rpartition(".")[2]
    return int(number) if number.isascii() and number.isdecimal() else 0


def _told(conversation: Conversation, fact: PublishedFact) -> Conversation:
    message = conversation.message(number_of(fact.message_id))
    if message is None:
        return conversation
    status = _AFTER[type(fact)].get(message.status, message.status)
    changed = {"at": fact.occurred_at} if status != message.status else {}
    gives_up = not message.was_sent and status in {"failed", "unknown"}
    return _with_message(
        _within_reach(conversation) if _arrived(conversation, message, fact) else conversation,
        message.number,
        status=status,
        was_sent=message.was_sent or isinstance(fact, MessageSent),
        is_owed=message.is_owed and not gives_up,
        **changed,
    )


def _arrived(conversation: Conversation, message: Message, fact: PublishedFact) -> bool:
    """Whether it went to the current contact: a result for an old number says nothing about the new one."""
    is_current = conversation.reach is not None and message.edition == conversation.reach.edition
    return isinstance(fact, MessageDelivered) and is_current


def _within_reach(conversation: Conversation) -> Conversation:
    """Forget unanswered calls: they do not count for notices that come later."""
    return replace(conversation, unanswered=0, unreachable_at=None)


def _called(conversation: Conversation, fact: ContactRecorded | PatientUnreachable) -> Conversation:
    if isinstance(fact, PatientUnreachable):
        return replace(conversation, unreachable_at=fact.occurred_at)
    contacts = (*conversation.contacts, fact.contact_id)
    called = replace(conversation, contacts=contacts, called_at=fact.occurred_at)
    if fact.outcome != "no_answer":
        return _within_reach(called)
    return replace(called, unanswered=called.unanswered + 1)


def _planned(conversation: Conversation, fact: MessagePlanned | MessageDropped | MessagePostponed) -> Conversation:
    match fact:
        case MessagePlanned(message=message):
            return replace(conversation, messages=(*conversation.messages, message))
        case MessageDropped(number=number, at=at):
            return _with_message(conversation, number, status="dropped", is_owed=False, at=at)
        case MessagePostponed(number=number, at=at):
            held = replace(conversation, held_since=at)
            return _with_message(held, number, status="postponed", is_owed=False, at=at)


def _noted(conversation: Conversation, fact: MessagesHeld | NoticeLapsed | NoticesPhoned) -> Conversation:
    match fact:
        case MessagesHeld(at=at):
            return replace(conversation, held_since=at)
        case NoticeLapsed(notice=notice):
            return replace(conversation, lapsed=(*conversation.lapsed, notice))
        case NoticesPhoned(notices=notices):
            return replace(conversation, phoned=(*conversation.phoned, *notices))


def _heard(
    conversation: Conversation, fact: ContactKept | VisitNoted | VisitEnded | CancellationNoted | ClosingNoted
) -> Conversation:
    match fact:
        case ContactKept(referral_id=referral_id, reach=reach):
            return replace(_within_reach(conversation), referral_id=referral_id, reach=reach)
        case VisitNoted(visit=visit, replaces=replaces):
            before = _ended(conversation.visits, replaces, "replaced", visit.heard_at)
            return replace(_within_reach(conversation), visits=(*before, visit))
        case VisitEnded(visit_id=visit_id, status=status, at=at):
            return replace(conversation, visits=_ended(conversation.visits, visit_id, status, at))
        case CancellationNoted(at=at, is_silent=is_silent):
            return replace(conversation, cancelled_at=at, is_silent=conversation.is_silent or is_silent)
        case ClosingNoted(is_silent=is_silent):
            return replace(conversation, is_closed=True, is_silent=conversation.is_silent or is_silent)


def _ended(visits: tuple[Visit, ...], visit_id: str | None, status: VisitStatus, at: Any) -> tuple[Visit, ...]:
    return tuple(
        replace(visit, status=status, ended_at=at) if visit.visit_id == visit_id else visit for visit in visits
    )


def _with_message(conversation: Conversation, number: int, **changes: Any) -> Conversation:
    messages = tuple(
        replace(message, **changes) if message.number == number else message for message in conversation.messages
    )
    return replace(conversation, messages=messages)
