"""What to say to a patient, by which medium, when it is lawful, and when a person must say it. No I/O, no clock."""

from services.notifications.domain.commands import (
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
    TellOfVisit,
)
from services.notifications.domain.decide import allowed, decide
from services.notifications.domain.evolve import evolve, number_of
from services.notifications.domain.notices import visit_spoken_of
from services.notifications.domain.outlook import is_timely
from services.notifications.domain.state import AT_MOST_ONCE, INITIAL, Conversation, Kind, Medium, Message, Notice
from services.notifications.domain.steps import next_due, owed, tasks

__all__ = [
    "AT_MOST_ONCE",
    "INITIAL",
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
    "TellOfVisit",
    "allowed",
    "decide",
    "evolve",
    "is_timely",
    "next_due",
    "number_of",
    "owed",
    "tasks",
    "visit_spoken_of",
]
