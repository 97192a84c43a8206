"""The part of MongoDB's queries that rows are read by: equality, ranges within a type, `$or` and `$and`."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

_RANGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def fits(row: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether a row matches."""
    return all(_fits(row, name, wanted) for name, wanted in query.items())


def _fits(row: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$or":
        return any(fits(row, each) for each in wanted)
    if name == "$and":
        return all(fits(row, each) for each in wanted)
    value = row.get(name)
    if not isinstance(wanted, Mapping):
        return bool(value == wanted)
    return all(type(value) is type(bound) and _RANGES[how](value, bound) for how, bound in wanted.items())


def rank(value: Any) -> tuple[int, Any]:
    """A key that sorts values of different types as the database does: nothing, numbers, text; anything else last."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (3, repr(value))
