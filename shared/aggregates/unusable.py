"""Which documents this replica cannot use, and why. A memory that is bounded; the store has the truth."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from shared.errors import Unusable

REMEMBERED = 10_000
UNDECODABLE = "undecodable"
READING = ("newer", UNDECODABLE)
"""Why a document cannot be read."""


class UnusableDocuments(Mapping[str, str]):
    """Reasons by id, in the order in which they were met."""

    def __init__(self) -> None:
        self._reasons: OrderedDict[str, str] = OrderedDict()

    def __getitem__(self, key: str) -> str:
        """Why this document cannot be used."""
        return self._reasons[key]

    def __iter__(self) -> Iterator[str]:
        """The ids."""
        return iter(list(self._reasons))

    def __len__(self) -> int:
        """How many are known."""
        return len(self._reasons)

    def note(self, problem: Unusable) -> bool:
        """One was met. Return whether that is news."""
        is_news = self._reasons.get(problem.key) != problem.why
        self._reasons[problem.key] = problem.why
        if len(self._reasons) > REMEMBERED:
            self._reasons.popitem(last=False)
        return is_news

    def opened(self, key: str) -> None:
        """It can be read; whether it can be saved is not known by that."""
        if self._reasons and self._reasons.get(key, "").partition(":")[0] in READING:
            del self._reasons[key]

    def saved(self, key: str) -> None:
        """It can be used."""
        self._reasons.pop(key, None)
