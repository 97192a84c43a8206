"""What this replica knows by heart of documents: how they were saved last, and what of them is on the topics.

All of it is bounded and may be forgotten: that costs a load or a duplicate, never the truth. Nothing is decided here.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from shared.aggregates.document import ANSWERS_KEPT, Document, OutboxEntry

ACKNOWLEDGED_KEPT = 20_000
"""As many documents as a round of the publisher may confirm: what is forgotten before it is cleared goes out twice."""
REMEMBERED = 1_000


class Recent:
    """Documents by id, as this replica left them."""

    def __init__(self) -> None:
        self._acknowledged: OrderedDict[str, int] = OrderedDict()
        self._remembered: OrderedDict[str, Document] = OrderedDict()
        self._doubted: set[str] = set()

    def unacknowledged(self, key: str, entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
        """Those entries of a document's outbox that, as far as this replica knows, are not on the topic yet."""
        acknowledged = self._acknowledged.get(key, 0)
        return [entry for entry in entries if entry.n > acknowledged]

    def acknowledge(self, key: str, n: int) -> None:
        """Everything up to entry `n` of this document's outbox is on the topic; the next save drops it."""
        self._acknowledged[key] = max(n, self._acknowledged.pop(key, 0))
        while len(self._acknowledged) > ACKNOWLEDGED_KEPT:
            self._acknowledged.popitem(last=False)

    def remember(self, document: Document) -> None:
        """A document as it was saved."""
        document.answered = dict(list(document.answered.items())[-ANSWERS_KEPT:])
        self._remembered[document.id] = document
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def recall(self, key: str) -> Document | None:
        """A document as it was saved last, taken out: who goes on from it changes it."""
        return self._remembered.pop(key, None)

    def doubt(self, ids: Iterable[str]) -> None:
        """Remember of whose saves nobody knows the outcome; what is forgotten is left to the sweep."""
        self._doubted.update(ids)
        while len(self._doubted) > REMEMBERED:
            self._doubted.pop()

    def settle_doubt(self, key: str) -> bool:
        """Whether nobody knew the outcome of a save of this document until now."""
        is_doubted = key in self._doubted
        self._doubted.discard(key)
        return is_doubted
