"""Documents that are only looked at: what may be megabytes of each stays in the database."""

from typing import Any

from shared.ports import Stored

LIGHT = {"waiting.value": 0, "letters.value": 0, "outbox.body": 0}
"""What is left out: the values of records that wait, and the bodies of the outbox with their copies."""


def with_nothing_in_place(stored: Stored) -> Stored:
    """The document with None in place of what was left out, so that it has the form of a whole one."""
    for name in ("waiting", "letters"):
        for pair in _list(stored.get(name)):
            _put_none(pair[-1] if _list(pair) else None, "value")
    for entry in _list(stored.get("outbox")):
        _put_none(entry, "body")
    return stored


def _list(found: Any) -> list[Any]:
    """A list; nothing where somebody spoiled the field, which its reader will notice."""
    return found if isinstance(found, list) else []


def _put_none(entry: object, name: str) -> None:
    if isinstance(entry, dict):
        entry[name] = None
