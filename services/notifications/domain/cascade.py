"""Derives the facts that follow from the state of a conversation: due messages begin, moot ones are given up."""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from services.notifications.domain.content import messages_for, still_open
from services.notifications.domain.evolve import evolve
from services.notifications.domain.facts import (
    ConversationFact,
    MessageDropped,
    MessagePlanned,
    MessagesHeld,
    NoticeLapsed,
)
from services.notifications.domain.hours import is_lawful
from services.notifications.domain.schedule import PlannedMessage, awaited_receipts, calls, planned_messages
from services.notifications.domain.state import Conversation, Message
from shared.contracts.language import Command, Reason
from shared.contracts.notifications import MessageFailed

NO_RECEIPT = Reason(system="throughline", code="no-receipt")

Facts = list[ConversationFact]


def fold(conversation: Conversation, facts: Iterable[ConversationFact]) -> Conversation:
    """The conversation after these facts."""
    return reduce(evolve, facts, conversation)


def cascade(command: Command, before: Conversation, decided: Facts) -> Facts:
    """The decided facts, and all facts that follow from them at `command.at`."""
    facts, after = list(decided), fold(before, decided)
    rules: tuple[Callable[[Command, Conversation], Facts], ...] = (_give_up_waiting, _lapse, _drop, _begin)
    for rule in rules:
        found = rule(command, after)
        facts, after = facts + found, fold(after, found)
    return facts


def attribution(command: Command, conversation: Conversation, message: Message) -> dict[str, Any]:
    """The fields that every published fact about a message has."""
    return {
        **vars(command.attribution),
        "referral_id": conversation.referral_id,
        "message_id": conversation.message_id(message.number),
        "kind": message.notice.kind,
        "about": message.notice.about,
        "attempt": message.attempt,
        "medium": message.medium,
    }


def failed(command: Command, conversation: Conversation, message: Message, reason: Reason) -> MessageFailed:
    """The message cannot be delivered by its medium."""
    return MessageFailed(**attribution(command, conversation, message), reason=reason)


def _give_up_waiting(command: Command, conversation: Conversation) -> Facts:
    return [
        failed(command, conversation, message, NO_RECEIPT)
        for message, ends_at in awaited_receipts(conversation)
        if ends_at <= command.at
    ]


def _lapse(command: Command, conversation: Conversation) -> Facts:
    """Give up what is too late. After the end of a referral a patient who cannot be reached is not called any more."""
    late = [want.notice for want in still_open(conversation) if want.until and want.until <= command.at]
    if conversation.has_ended and conversation.unreachable_at:
        late += [want.notice for want in calls(conversation) if want.notice not in late]
    return [NoticeLapsed(notice) for notice in late]


def _drop(command: Command, conversation: Conversation) -> Facts:
    """Give up begun messages that are moot, or addressed to an old number."""
    edition = conversation.reach.edition if conversation.reach else 0
    wanted = [message for want in still_open(conversation) for message in messages_for(conversation, want.notice)]
    return [
        MessageDropped(message.number, command.at)
        for message in conversation.messages
        if message.status == "due" and (message not in wanted or message.edition != edition)
    ]


def _begin(command: Command, conversation: Conversation) -> Facts:
    due = [saying for saying in planned_messages(conversation) if saying.at <= command.at]
    if due and conversation.reach and not is_lawful(command.at, conversation.reach.clocks):
        return [MessagesHeld(command.at)]
    facts: Facts = []
    for saying in due:
        facts.append(MessagePlanned(_message(command, fold(conversation, facts), saying)))
    return facts


def _message(command: Command, conversation: Conversation, saying: PlannedMessage) -> Message:
    before = messages_for(conversation, saying.want.notice)
    return Message(
        number=len(conversation.messages) + 1,
        notice=saying.want.notice,
        attempt=1 + sum(message.status not in {"dropped", "postponed"} for message in before),
        medium=saying.medium,
        edition=saying.edition,
        at=command.at,
    )
