"""Fills a stored document until no save of it fits any more, though any program can read it, and empties it again.

It is filled where every document keeps what it was asked: a save that goes on from what was read carries the filling,
and with one fact more it is larger than the database takes. What is emptied has a new version, so that nobody who read
it before brings the filling back.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

import bson

from shared.ports import MOST_BYTES

NAME: Final = "chaos:filling"
Stored = dict[str, Any]


@dataclass(frozen=True)
class Filling:
    """So many bytes, among the answers of a document."""

    size: int
    is_found_by_version = False
    """Something smaller may have been saved since, with the filling in it."""

    def __str__(self) -> str:
        """As it is logged."""
        return f"too large, by {self.size} bytes more"

    @property
    def update(self) -> Stored:
        """What fills a document."""
        return {"$push": {"answered": [NAME, {"version": 1, "fingerprint": "x" * self.size}]}}

    @property
    def found(self) -> Stored:
        """What finds a document that is full."""
        return {"answered": {"$elemMatch": {"$elemMatch": {"$eq": NAME}}}}

    @property
    def mending(self) -> Stored:
        """What empties it, whatever it holds else by now."""
        return {"$pull": {"answered": {"$elemMatch": {"$eq": NAME}}}, "$inc": {"version": 1}}


def filling(stored: Stored, _chance: Random) -> Filling:
    """As much as makes this document as large as one may be."""
    [*answered] = stored["answered"]
    empty = Filling(0).update["$push"]["answered"]
    return Filling(MOST_BYTES - len(bson.encode({**stored, "answered": [*answered, empty]})))
