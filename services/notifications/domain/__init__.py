"""Decides which message a patient gets, by which medium and when, and when a person must call. No I/O, no clock."""

from services.notifications.domain.commands import (
    AnnounceVisit,
    EndVisit,
    KeepContact,
    Postpone,
    RecordContact,
    RecordMayHaveGone,
    RecordReceipt,
    RecordRefusal,
    RecordSent,
    StopForCancellation,
    StopForClosing,
)
from services.notifications.domain.content import visit_spoken_of
from services.notifications.domain.decide import allowed, decide
from services.notifications.domain.duties import next_due, tasks, wanted_effects
from services.notifications.domain.evolve import evolve, number_of
from services.notifications.domain.schedule import is_timely
from services.notifications.domain.state import AT_MOST_ONCE, INITIAL, Conversation, Kind, Medium, Message, Notice

__all__ = [
    "AT_MOST_ONCE",
    "INITIAL",
    "AnnounceVisit",
    "Conversation",
    "EndVisit",
    "KeepContact",
    "Kind",
    "Medium",
    "Message",
    "Notice",
    "Postpone",
    "RecordContact",
    "RecordMayHaveGone",
    "RecordReceipt",
    "RecordRefusal",
    "RecordSent",
    "StopForCancellation",
    "StopForClosing",
    "allowed",
    "decide",
    "evolve",
    "is_timely",
    "next_due",
    "number_of",
    "tasks",
    "visit_spoken_of",
    "wanted_effects",
]
