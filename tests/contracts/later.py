"""Facts as a later version of the product may tell them: another word wherever a vocabulary is open."""

from typing import Any

from tests.contracts.approve import schema_of

WORD = "word_of_later"


def with_words_of_later(data: Any, type_: str) -> Any:
    """The data of a fact of this wire type, with words that nobody knows yet."""
    schema = schema_of(type_)
    return _changed(data, schema, schema["$defs"])


def _changed(value: Any, schema: Any, defs: Any) -> Any:
    """The value with another word wherever the schema has an open vocabulary."""
    schema = defs[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    match value, options[0]:
        case str(), {"x-extensible-enum": _}:
            return WORD
        case [*items], {"items": inner}:
            return [_changed(item, inner, defs) for item in items]
        case dict(), {"properties": fields}:
            return {name: _changed(item, fields.get(name, {}), defs) for name, item in value.items()}
        case dict(), {"$ref": _}:
            return _changed(value, options[0], defs)
        case dict(), {"propertyNames": {"x-extensible-enum": _}}:
            return {**value, WORD: "sealed"}
    return value
