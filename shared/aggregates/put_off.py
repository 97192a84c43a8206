"""What is applied and not saved yet, because nobody outside could notice (ADR 13).

The items are the truth: they are kept until a document that holds them is in the store. The document is a head start.
"""

from collections.abc import Callable, Iterator, Sequence
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
        """Put off the saving of a draft, to which these items were applied after what is put off already.

        In an outage the same facts are read again and again: each is kept once.
        """
        before = self._entries.get(draft.document.id)
        held = before.items if before else []
        new = [item for item in items if item not in held]
        self._entries[draft.document.id] = _Entry([*held, *new], draft.document, draft.rows)

    def go_on(self, key: str, draft_on: Callable[[Document], Draft]) -> Draft | None:
        """A draft that holds what is put off, once: if its save is lost, it is no head start any more."""
        entry = self._entries.get(key)
        if entry is None or entry.document is None:
            return None
        draft, entry.document = draft_on(entry.document), None
        draft.changed, draft.rows = True, entry.rows
        return draft

    def apply(self, draft: Draft) -> None:
        """Apply the items again, to a draft on a saved document; those that it knows change nothing."""
        if entry := self._entries.get(draft.document.id):
            for item in entry.items:
                item.apply(draft)

    def forget(self, key: str) -> None:
        """What is put off of this aggregate is in the store."""
        self._entries.pop(key, None)
