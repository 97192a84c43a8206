"""One document per aggregate, one pure decider, one way in: `Engine.handle`."""

from shared.aggregates.ask import Ask, Item, Outcome
from shared.aggregates.decider import Decider
from shared.aggregates.document import Document, OutboxEntry, WaitingEntry
from shared.aggregates.draft import Draft
from shared.aggregates.engine import Engine
from shared.aggregates.queue import Queue

__all__ = ["Ask", "Decider", "Document", "Draft", "Engine", "Item", "OutboxEntry", "Outcome", "Queue", "WaitingEntry"]
