"""Derives the state of a referral from every service's facts, and decides what people do about it. No I/O, no clock."""

from services.tracking.domain.commands import AddNote, AssignReferral, RecordEnvelope, ReleaseReferral
from services.tracking.domain.decide import MOST_NOTES, allowed, decide
from services.tracking.domain.evolve import evolve, next_due, tasks
from services.tracking.domain.facts import Assigned, Noted, Recorded, Released
from services.tracking.domain.ledger import end_of, hash_of, is_whole, row_of
from services.tracking.domain.precedence import next_act, open_tasks
from services.tracking.domain.state import (
    INITIAL,
    URGENCIES,
    Assignment,
    Doer,
    NextAct,
    Note,
    NoteCode,
    Progress,
    Projection,
    Status,
    Stream,
    Summary,
    as_text,
)

__all__ = [
    "INITIAL",
    "MOST_NOTES",
    "URGENCIES",
    "AddNote",
    "AssignReferral",
    "Assigned",
    "Assignment",
    "Doer",
    "NextAct",
    "Note",
    "NoteCode",
    "Noted",
    "Progress",
    "Projection",
    "RecordEnvelope",
    "Recorded",
    "ReleaseReferral",
    "Released",
    "Status",
    "Stream",
    "Summary",
    "allowed",
    "as_text",
    "decide",
    "end_of",
    "evolve",
    "hash_of",
    "is_whole",
    "next_act",
    "next_due",
    "open_tasks",
    "row_of",
    "tasks",
]
