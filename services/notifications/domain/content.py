"""Derives which notices the patient should get, from the known facts in whatever order they came.

Whether a notice was said already counts; how it was said does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from services.notifications.domain.hours import days_before
from services.notifications.domain.state import (
    ANNOUNCING,
    AT_MOST_ONCE,
    Conversation,
    Kind,
    Message,
    Notice,
    Visit,
    latest,
)

REMIND_DAYS_BEFORE = (3, 1)
SETTLING = timedelta(minutes=2)
"""How long a cancellation waits before it is told: a new visit, or the end of the referral, may follow at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice that should be said: not before `since`, and useless from `until` on."""

    notice: Notice
    since: datetime
    until: datetime | None = None


def wanted(conversation: Conversation) -> tuple[Wanted, ...]:
    """All notices that the patient should have had or should get, said or not."""
    if conversation.reach is None or conversation.is_silent:
        return ()
    if conversation.cancelled_at is not None:
        return _of_cancelled_referral(conversation, conversation.cancelled_at)
    if conversation.is_closed or not conversation.visits:
        return ()
    visit = _current(conversation.visits)
    match visit.status:
        case "booked":
            return _of_booked(conversation, visit)
        case "missed" if is_announced(conversation, visit):
            return (Wanted(Notice("visit_missed", visit.visit_id), latest(visit.ended_at)),)
        case "cancelled":
            return _of_cancelled_visit(conversation, latest(visit.ended_at))
    return ()


def still_open(conversation: Conversation) -> tuple[Wanted, ...]:
    """The notices that should be said, were not, and are not too late."""
    return tuple(
        want
        for want in wanted(conversation)
        if want.notice not in conversation.lapsed and not was_heard(conversation, want.notice)
    )


def was_heard(conversation: Conversation, notice: Notice) -> bool:
    """Whether it was sent, or a person said it. A reminder that may have been sent is not sent again."""
    if any(speaks_for(phoned, notice) for phoned in conversation.phoned):
        return True
    enough = {"sent", "delivered"} | ({"dropped", "gone"} if notice.kind in AT_MOST_ONCE else set())
    return any(message.status in enough for message in messages_for(conversation, notice))


def messages_for(conversation: Conversation, notice: Notice) -> list[Message]:
    """The messages of this notice, in order."""
    return [message for message in conversation.messages if speaks_for(message.notice, notice)]


def speaks_for(said: Notice, notice: Notice) -> bool:
    """Whether one notice includes the other: a patient told that a visit was moved knows that it is booked."""
    is_moved_for_booked = said.kind == "visit_moved" and notice.kind == "visit_booked"
    return said.about == notice.about and (is_moved_for_booked or said == notice)


def is_announced(conversation: Conversation, visit: Visit) -> bool:
    """Whether the patient knows of the visit, or may know."""
    if any(notice.kind in ANNOUNCING and notice.about == visit.visit_id for notice in conversation.phoned):
        return True
    return any(
        message.notice.kind in ANNOUNCING
        and message.notice.about == visit.visit_id
        and message.status in {"sent", "delivered", "unknown", "gone"}
        for message in conversation.messages
    )


def visit_spoken_of(conversation: Conversation, notice: Notice) -> Visit | None:
    """The visit whose date names what a notice is about; for a whole referral, the last that the patient knows of."""
    if visit := conversation.visit(notice.about):
        return visit
    return next((visit for visit in reversed(conversation.visits) if is_announced(conversation, visit)), None)


def _current(visits: tuple[Visit, ...]) -> Visit:
    """The visit that is booked, else the last that was."""
    return next((visit for visit in reversed(visits) if visit.status == "booked"), visits[-1])


def _of_cancelled_referral(conversation: Conversation, cancelled_at: datetime) -> tuple[Wanted, ...]:
    """A cancellation goes only to patients who were told something, and not to those who were seen."""
    was_announced = any(is_announced(conversation, visit) for visit in conversation.visits)
    was_seen = any(visit.status == "fulfilled" for visit in conversation.visits)
    if was_seen or not was_announced:
        return ()
    return (Wanted(Notice("referral_cancelled", conversation.referral_id), cancelled_at),)


def _of_booked(conversation: Conversation, visit: Visit) -> tuple[Wanted, ...]:
    kind: Kind = "visit_moved" if _corrects_another(conversation, visit) else "visit_booked"
    telling = Wanted(Notice(kind, visit.visit_id), visit.heard_at, visit.starts_at)
    if not _has_gone_out(conversation, telling.notice):
        return (telling,)
    return (telling, *_reminders(visit))


def _corrects_another(conversation: Conversation, visit: Visit) -> bool:
    """Whether the patient may still expect another date. A missed date is not expected any more."""
    return any(
        other.status in {"replaced", "cancelled"} and is_announced(conversation, other)
        for other in conversation.visits
        if other.visit_id != visit.visit_id
    )


def _has_gone_out(conversation: Conversation, notice: Notice) -> bool:
    """Whether a medium works, so that a reminder can be sent."""
    return any(message.status in {"sent", "delivered"} for message in messages_for(conversation, notice))


@lru_cache(maxsize=4096)  # asked for many times per command, and calendars are slow
def _reminders(visit: Visit) -> tuple[Wanted, ...]:
    """A reminder is useful until the next one. A visit booked after its time gets none."""
    instants = [days_before(visit.starts_at, days, visit.timezone) for days in REMIND_DAYS_BEFORE]
    ends = [*instants[1:], visit.starts_at]
    return tuple(
        Wanted(Notice("visit_reminder", visit.visit_id, days), at, end)
        for days, at, end in zip(REMIND_DAYS_BEFORE, instants, ends, strict=True)
        if visit.heard_at < at
    )


def _of_cancelled_visit(conversation: Conversation, since: datetime) -> tuple[Wanted, ...]:
    """Nothing is booked: correct the last visit that the patient knows of, even if another was booked in between."""
    known = next((visit for visit in reversed(conversation.visits) if is_announced(conversation, visit)), None)
    if known is None or known.status not in {"cancelled", "replaced"}:
        return ()
    return (Wanted(Notice("visit_cancelled", known.visit_id), since + SETTLING, known.starts_at),)
