"""One document per aggregate, one pure decider, one way in: `Engine.handle`."""

from shared.engine.commands import CommandEnvelope, CommandOutcome, WorkItem
from shared.engine.decider import Decider
from shared.engine.document import Document, OutboxEntry, WaitingEntry
from shared.engine.engine import Engine
from shared.engine.group_commit import GroupCommit
from shared.engine.unit_of_work import UnitOfWork

__all__ = [
    "CommandEnvelope",
    "CommandOutcome",
    "Decider",
    "Document",
    "Engine",
    "GroupCommit",
    "OutboxEntry",
    "UnitOfWork",
    "WaitingEntry",
    "WorkItem",
]
