"""What is applied and not saved yet, because nobody outside could notice (ADR 13).

The items are the truth: they are kept until a document that holds them is in the store. The document is a head start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.aggregates.ask import Item
from shared.aggregates.document import Document
from shared.aggregates.draft import Draft
from shared.ports import Stored


@dataclass
class _Entry:
    """The items of one aggregate, and a document with them: None once a handler has gone on from it."""

    items: list[Item]
    document: Document | None
    rows: list[Stored]


class PutOff:
    """By aggregate, what is put off on this replica. Nothing here waits or reaches out."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def __iter__(self) -> Iterator[str]:
        """The aggregates' ids."""
        return iter(list(self._entries))

    def __len__(self) -> int:
        """Of how many aggregates something is put off."""
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        """Whether something of this aggregate is put off."""
        return key in self._entries

    def keep(self, draft: Draft, items: Sequence[Item]) -> None:
        """Put off the saving of a draft, to which these items were applied after what is put off already."""
        before = self._entries.get(draft.document.id)
        held = before.items if before else []
        self._entries[draft.document.id] = _Entry([*held, *items], draft.document, draft.rows)

    def take(self, key: str) -> Document | None:
        """The document to go on with, once: if its save is lost, it is no head start any more."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        document, entry.document = entry.document, None
        return document

    def go_on(self, draft: Draft) -> None:
        """Say of a draft on a document that `take` gave what it holds."""
        draft.changed, draft.rows = True, self._entries[draft.document.id].rows

    def apply(self, draft: Draft) -> None:
        """Apply the items again, to a draft on a saved document; those that it knows change nothing."""
        if entry := self._entries.get(draft.document.id):
            for item in entry.items:
                item.apply(draft)

    def forget(self, key: str) -> None:
        """What is put off of this aggregate is in the store."""
        self._entries.pop(key, None)
