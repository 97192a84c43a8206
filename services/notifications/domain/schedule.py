"""How each open notice goes on: by which medium and when, or by a person. No fact is made here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.domain.content import Wanted, messages_for, still_open, wanted
from services.notifications.domain.hours import is_lawful, next_lawful, spread_of
from services.notifications.domain.state import AT_MOST_ONCE, ContactChannels, Conversation, Medium, Message, latest

RECEIPT_WAIT = timedelta(hours=24)
"""A text message that the gateway took and nobody reported on within this counts as not delivered."""


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A notice that is to be said at `at` by `medium`, to the contact of `edition`."""

    want: Wanted
    medium: Medium
    edition: int
    at: datetime


def planned_messages(conversation: Conversation) -> list[PlannedMessage]:
    """A notice to send, and the time to send it."""
    found = [_next_planned(conversation, want) for want in still_open(conversation)]
    return [saying for saying in found if saying]


def calls(conversation: Conversation) -> list[Wanted]:
    """The notices that only a person can say: no medium is left, or none may be used in time.

    A reminder is worth a call only if it was tried: whoever cannot be reminded was told of the visit.
    """
    return [
        want
        for want in still_open(conversation)
        if not _is_in_hand(conversation, want)
        and _next_planned(conversation, want) is None
        and (want.notice.kind not in AT_MOST_ONCE or _attempts(conversation, want))
    ]


def awaited_receipts(conversation: Conversation) -> list[tuple[Message, datetime]]:
    """Text messages whose arrival matters and is not known, with the moment at which the wait ends."""
    return [
        (message, message.at + RECEIPT_WAIT)
        for want in wanted(conversation)
        if want.notice.kind not in AT_MOST_ONCE
        for message in messages_for(conversation, want.notice)
        if message.medium == "sms" and message.status == "sent"
        if want.until is None or message.at + RECEIPT_WAIT < want.until
    ]


def is_timely(conversation: Conversation, number: int, now: datetime) -> bool:
    """Whether a message may leave now: in lawful hours, and still of use."""
    message, reach = conversation.message(number), conversation.reach
    if message is None or reach is None or not is_lawful(now, reach.clocks):
        return False
    return any(
        message in messages_for(conversation, want.notice) and (want.until is None or now < want.until)
        for want in still_open(conversation)
    )


def _next_planned(conversation: Conversation, want: Wanted) -> PlannedMessage | None:
    """None while an attempt is in hand, and when a person has it."""
    reach, attempts = conversation.reach, _attempts(conversation, want)
    if reach is None or _is_in_hand(conversation, want) or _is_risky(want, attempts):
        return None
    medium = _next_medium(conversation, reach, attempts)
    failed_at = (message.at for message in attempts)
    ready_at = latest(want.since, reach.since, conversation.held_since, *failed_at)
    at = next_lawful(ready_at, reach.clocks, spread_of(conversation.referral_id))
    is_in_time = want.until is None or at < want.until
    return PlannedMessage(want, medium, reach.edition, at) if medium and is_in_time else None


def _attempts(conversation: Conversation, want: Wanted) -> list[Message]:
    found = messages_for(conversation, want.notice)
    return [message for message in found if message.status in {"failed", "unknown"}]


def _is_in_hand(conversation: Conversation, want: Wanted) -> bool:
    return any(message.status == "due" for message in messages_for(conversation, want.notice))


def _is_risky(want: Wanted, attempts: list[Message]) -> bool:
    return want.notice.kind in AT_MOST_ONCE and any(message.status == "unknown" for message in attempts)


def _next_medium(conversation: Conversation, reach: ContactChannels, attempts: list[Message]) -> Medium | None:
    """The first that was not tried since the contact is as it is; one that failed for another notice goes last."""
    tried = {message.medium for message in attempts if message.edition == reach.edition}
    untried = [medium for medium in reach.media if medium not in tried]
    return min(untried, key=lambda medium: _has_failed(conversation, reach, medium), default=None)


def _has_failed(conversation: Conversation, reach: ContactChannels, medium: Medium) -> bool:
    """Whether the last that is known of this medium is a failure."""
    known = [
        message.status
        for message in conversation.messages
        if message.medium == medium
        and message.edition == reach.edition
        and message.status not in {"due", "dropped", "postponed"}
    ]
    return bool(known) and known[-1] == "failed"
