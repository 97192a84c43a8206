"""What a published version may not do to those who read it: named rules over two JSON Schemas of a fact.

Readers tolerate what they do not know, so adding a field is no break. Taking one away, making it uncertain, giving
it another type or another possible value is. What holds of a part holds of one that may be absent, too.

A vocabulary is open where the schema says `x-extensible-enum`: there a new word is no break, since readers expect it.
Closing one is: somebody may have widened it. So is opening one: readers were told that they know every word.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.contracts.vocabulary import MARK

Schema = dict[str, Any]
_NOTHING = "null"
"""Who was ready for its absence is not hurt when it is always there."""


def breaks(old: Schema, new: Schema) -> list[str]:
    """Every breaking change from `old` to `new`, each naming the field by its path."""
    return list(_compare(old, new, old.get("$defs", {}), new.get("$defs", {}), ""))


def _compare(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, path: str) -> Iterator[str]:
    was, now = _branches(old, old_defs), _branches(new, new_defs)
    if now.keys() - was.keys() or was.keys() - now.keys() - {_NOTHING}:
        yield f"{path}: the type was {sorted(was)} and is {sorted(now)}"
    for name in sorted(was.keys() & now.keys()):
        yield from _compare_values(was[name], now[name], path)
        yield from _compare_inside(was[name], now[name], old_defs, new_defs, path)


def _compare_values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if MARK in old and MARK not in new:
        yield f"{path}: the vocabulary was open and is closed"
    elif MARK in new and _values(old):
        yield f"{path}: the vocabulary was closed and is open"
    elif _values(old) and not _values(new):
        yield f"{path}: any value, and not one of {sorted(_values(old))}"
    elif added := _values(new) - _values(old) if _values(old) else set():
        yield f"{path}: new values {sorted(added)}"
    if old.get("format") != new.get("format"):
        yield f"{path}: the format was {old.get('format')} and is {new.get('format')}"


def _compare_inside(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, path: str) -> Iterator[str]:
    for name, was in old.get("properties", {}).items():
        where = f"{path}/{name}"
        if name not in new.get("properties", {}):
            yield f"{where}: the field is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{where}: the field is no longer certain to be there"
        yield from _compare(was, new["properties"][name], old_defs, new_defs, where)
    for inner in ("items", "additionalProperties", "propertyNames"):
        if isinstance(was := old.get(inner), dict):
            now = new.get(inner)
            yield from _compare(was, now if isinstance(now, dict) else {}, old_defs, new_defs, f"{path}/*")


def _branches(schema: Schema, defs: Schema) -> dict[str, Schema]:
    """What a value may be, by type; where two are of one type, by their names."""
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    found = [(option.get("$ref"), _resolved(option, defs)) for option in options]
    types = Counter(_type(option) for _, option in found)
    return {
        _type(option) if types[_type(option)] == 1 else str(name or f"{_type(option)} {n}"): option
        for n, (name, option) in enumerate(found)
    }


def _type(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _resolved(schema: Schema, defs: Schema) -> Schema:
    if "$ref" in schema:
        found: Schema = defs[schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _values(schema: Schema) -> set[str]:
    return {str(value) for value in schema.get("enum", [schema["const"]] if "const" in schema else [])}
