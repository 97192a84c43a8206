"""Some items on their way through the engine together, and what becomes of each. Nothing here waits or reaches out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from shared.engine.commands import WorkItem
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Busy, Newer, Unusable

Failure = Unusable | Busy
"""What becomes of an item when its document cannot be used, or when others keep winning."""


class Batch:
    """Items, what became of them, and which documents `failed` them. `may_defer`: see `Engine.handle`."""

    def __init__(self, items: Sequence[WorkItem] = (), *, may_defer: bool = False) -> None:
        self.items, self.may_defer = items, may_defer
        self.failed: dict[str, Failure] = {}
        self.can_defer: dict[str, bool] = {}
        self._outcomes: list[object] = [None] * len(items)
        places = defaultdict[str, list[int]](list)
        for index, item in enumerate(items):
            places[item.key].append(index)
        self.places: Mapping[str, list[int]] = places
        """By aggregate, which of the items are for it."""

    def apply(self, unit: UnitOfWork, places: Sequence[int]) -> Exception | None:
        """Apply the items of one aggregate to a unit, in order. Return its fault, if any: the others go on."""
        try:
            for place in places:
                self._outcomes[place] = self.items[place].apply(unit)
            self.can_defer[unit.document.id] = self.may_defer and unit.can_defer
        except Exception as fault:  # noqa: BLE001 - the others of the batch have nothing to do with it
            return fault
        return None

    def outcomes(self) -> list[object]:
        """The outcomes, in the order of the items. Those of a document that failed are its failure."""
        for key, failure in self.failed.items():
            for place in self.places[key]:
                self._outcomes[place] = failure
        return self._outcomes

    @property
    def gravest(self) -> Failure | None:
        """A failure, if there is any: of a newer document before all others."""
        return next(iter(sorted(self.failed.values(), key=lambda each: not isinstance(each, Newer))), None)
