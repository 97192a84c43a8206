"""What a published version may not do to those who read it: named rules over two JSON Schemas of a fact.

Readers tolerate what they do not know, so adding a field is no break. Taking one away, making it uncertain, giving
it another type or another possible value is.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """Every breaking change from `old` to `new`, each naming the field by its path."""
    return list(_compare(old, new, old.get("$defs", {}), new.get("$defs", {}), ""))


def _compare(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, path: str) -> Iterator[str]:
    old, new = _resolved(old, old_defs), _resolved(new, new_defs)
    yield from _compare_values(old, new, path)
    for name, was in old.get("properties", {}).items():
        where = f"{path}/{name}"
        if name not in new.get("properties", {}):
            yield f"{where}: the field is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{where}: the field is no longer certain to be there"
        yield from _compare(was, new["properties"][name], old_defs, new_defs, where)
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _compare(old[inner], new[inner], old_defs, new_defs, f"{path}/*")


def _compare_values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if added := _values(new) - _values(old) if _values(old) else set():
        yield f"{path}: new values {sorted(added)}"
    if _types(old) and not _types(new) <= _types(old):
        yield f"{path}: the type was {sorted(_types(old))} and is {sorted(_types(new))}"
    if old.get("format") != new.get("format"):
        yield f"{path}: the format was {old.get('format')} and is {new.get('format')}"


def _resolved(schema: Schema, defs: Schema) -> Schema:
    if "$ref" in schema:
        found: Schema = defs[schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _values(schema: Schema) -> set[str]:
    return {str(value) for value in schema.get("enum", [schema["const"]] if "const" in schema else [])}


def _types(schema: Schema) -> set[str]:
    options = schema.get("anyOf", [schema])
    return {str(option.get("type", option.get("$ref", ""))) for option in options} - {""}
