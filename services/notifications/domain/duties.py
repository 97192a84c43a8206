"""Derives from a conversation its tasks, its next deadline, and the messages that it wants sent."""

from datetime import datetime, timedelta

from services.notifications.domain.content import Wanted, messages_for, still_open
from services.notifications.domain.schedule import awaited_receipts, calls, planned_messages
from services.notifications.domain.state import AT_MOST_ONCE, ContactChannels, Conversation, Kind, latest
from shared.business_days import after_business_days
from shared.contracts.language import Effect, Task

QUEUE = "outreach"
CALL_WITHIN_DAYS = 1
DECIDE_WITHIN_DAYS = 2
SEND_WITHIN = timedelta(minutes=15)
"""Longer than the engine tries a gateway before it gives up."""
URGENCIES: dict[Kind, int] = {
    "visit_cancelled": 1,
    "visit_moved": 1,
    "referral_cancelled": 2,
    "visit_booked": 3,
    "visit_missed": 4,
    "visit_reminder": 5,
}


def tasks(conversation: Conversation) -> tuple[Task, ...]:
    """The task: a person's call or decision before the system's sending and waiting. A reminder is not waited for."""
    if conversation.reach and (needed := calls(conversation)):
        return (_persons_task(conversation, conversation.reach, needed),)
    if begun := [
        *_under_way(conversation),
        *(saying.at for saying in planned_messages(conversation) if _matters(saying.want)),
    ]:
        return (Task.of("send_message", "system", QUEUE, min(begun) + SEND_WITHIN),)
    if receipts := awaited_receipts(conversation):
        return (Task.of("await_receipt", "system", QUEUE, min(end for _, end in receipts)),)
    return ()


def next_due(conversation: Conversation) -> datetime | None:
    """The earliest moment at which something is to be sent, is too late, or was waited for long enough."""
    instants = [saying.at for saying in planned_messages(conversation)]
    instants += [want.until for want in still_open(conversation) if want.until]
    instants += [end for _, end in awaited_receipts(conversation)]
    return min(instants, default=None)


def wanted_effects(conversation: Conversation) -> list[Effect]:
    """Each message that was begun and not given up. Sent messages stay: they cannot be recalled."""
    return [
        Effect(
            kind=message.effect_kind,
            revision=message.number,
            target=message.medium,
            urgency=URGENCIES[message.notice.kind],
        )
        for message in conversation.messages
        if message.is_owed
    ]


def _persons_task(conversation: Conversation, reach: ContactChannels, needed: list[Wanted]) -> Task:
    if conversation.unreachable_at:
        # A notice that came up since then is new to the clinician who decides.
        began_at = min(_began_at(conversation, reach, want) for want in needed)
        due_at = after_business_days(latest(conversation.unreachable_at, began_at), DECIDE_WITHIN_DAYS, reach.timezone)
        return Task.of("decide_on_unreachable", "clinician", QUEUE, due_at)
    due_at = min(_call_due_at(conversation, reach, want) for want in needed)
    return Task.of("call_patient", "coordinator", QUEUE, due_at)


def _call_due_at(conversation: Conversation, reach: ContactChannels, want: Wanted) -> datetime:
    """A business day after the last attempt, but before the visit."""
    began_at = latest(_began_at(conversation, reach, want), conversation.called_at)
    due_at = after_business_days(began_at, CALL_WITHIN_DAYS, reach.timezone)
    return min(due_at, want.until) if want.until else due_at


def _began_at(conversation: Conversation, reach: ContactChannels, want: Wanted) -> datetime:
    """Since when only a person can say it."""
    attempted_at = (message.at for message in messages_for(conversation, want.notice))
    return latest(want.since, reach.since, *attempted_at)


def _under_way(conversation: Conversation) -> list[datetime]:
    """Since when messages that matter are being sent."""
    return [
        message.at
        for want in still_open(conversation)
        if _matters(want)
        for message in messages_for(conversation, want.notice)
        if message.status == "due"
    ]


def _matters(want: Wanted) -> bool:
    return want.notice.kind not in AT_MOST_ONCE
