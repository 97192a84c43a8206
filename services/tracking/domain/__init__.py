"""Where a referral stands, folded from what every service told, and what people do about it. No I/O, no clock."""

from services.tracking.domain.commands import AddNote, ClaimReferral, RecordEnvelope, ReleaseReferral
from services.tracking.domain.decide import MOST_NOTES, allowed, decide
from services.tracking.domain.evolve import evolve, next_due, tasks
from services.tracking.domain.facts import Claimed, Noted, Recorded, Released
from services.tracking.domain.ledger import is_whole, row_of
from services.tracking.domain.precedence import next_act, open_tasks
from services.tracking.domain.state import (
    INITIAL,
    URGENCIES,
    Claim,
    Doer,
    NextAct,
    Note,
    NoteCode,
    Progress,
    Situation,
    Standing,
    Story,
    Track,
    as_text,
)

__all__ = [
    "INITIAL",
    "MOST_NOTES",
    "URGENCIES",
    "AddNote",
    "Claim",
    "ClaimReferral",
    "Claimed",
    "Doer",
    "NextAct",
    "Note",
    "NoteCode",
    "Noted",
    "Progress",
    "RecordEnvelope",
    "Recorded",
    "ReleaseReferral",
    "Released",
    "Situation",
    "Standing",
    "Story",
    "Track",
    "allowed",
    "as_text",
    "decide",
    "evolve",
    "is_whole",
    "next_act",
    "next_due",
    "open_tasks",
    "row_of",
    "tasks",
]
