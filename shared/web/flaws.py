"""What is wrong with an input, in our own words: pydantic's messages and locations can repeat patient data."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

_MOST: Final = 50
_TEXTS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "holds a member that is not known",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "lacks the member that says what it is",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "timezone_aware": "must carry a UTC offset",
    "datetime_parsing": "must be an ISO 8601 date and time",
    "datetime_from_date_parsing": "must be an ISO 8601 date and time",
    "datetime_type": "must be an ISO 8601 date and time",
    "date_parsing": "must be an ISO 8601 date",
    "date_from_datetime_parsing": "must be an ISO 8601 date",
    "date_type": "must be an ISO 8601 date",
}
_FROM_THE_SCHEMA: Final = frozenset(
    ("expected", "expected_tags", "min_length", "max_length", "pattern", "gt", "ge", "lt", "le")
)
"""What the context of an error may lend to its text; anything else could come from the input."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One fault. `pointer` is a JSON pointer into the body, empty for the whole; `code` is pydantic's."""

    pointer: str
    code: str
    detail: str


def broken(code: str, sentence: str, *at: str) -> PydanticCustomError:
    """A rule of our own that an input breaks, to be raised by a validator.

    `sentence` is the end of one ("is not a telephone number") and never repeats the input; `at` leads from what was
    validated to the member that it is about.
    """
    return PydanticCustomError(code, "{sentence}", {"sentence": sentence, "at": at})


def flaws_of_body(error: ValidationError, raw: bytes, known_names: Collection[str]) -> tuple[Flaw, ...]:
    """Point into the body. Pointers use only names that the schema knows, since a member's name is input too."""
    if error.error_count() > _MOST:
        return (Flaw("", "too_many_errors", f"has more than {_MOST} faults"),)
    details = error.errors(include_url=False, include_input=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        return (Flaw("", "json_invalid", "is not JSON"),)
    document = json.loads(raw)
    places = ((*detail["loc"], *detail.get("ctx", {}).get("at", ())) for detail in details)
    return tuple(
        Flaw(_pointer(place, document, known_names), detail["type"], _text(detail))
        for place, detail in zip(places, details, strict=True)
    )


def flaws_of_parameters(details: Iterable[Mapping[str, Any]]) -> tuple[Flaw, ...]:
    """Name the parameters at fault. Those that were not declared stay unnamed."""
    return tuple(Flaw("", detail["type"], f"{_parameter(detail)} {_text(detail)}".strip()) for detail in details)[
        :_MOST
    ]


def _parameter(detail: Mapping[str, Any]) -> str:
    place, *names = detail["loc"]
    is_ours = place in {"query", "path", "header", "cookie"} and names and detail["type"] != "extra_forbidden"
    return f"{place} parameter {names[0]}" if is_ours else ""


def _text(detail: Mapping[str, Any] | ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if "sentence" in context:
        return str(context["sentence"])
    lent = {name: value for name, value in context.items() if name in _FROM_THE_SCHEMA}
    try:
        return _TEXTS.get(detail["type"], "is not valid").format_map(lent)
    except KeyError:
        return "is not valid"


def _pointer(loc: Iterable[int | str], document: object, known_names: Collection[str]) -> str:
    """Walk the document along `loc`, passing over the labels that pydantic adds for members of a union."""
    steps: list[str] = []
    here = document
    for step in loc:
        inside = _member(here, step)
        if inside is _ABSENT and (isinstance(here, dict) and step in known_names):
            steps.append(str(step))
            break
        if inside is _ABSENT:
            continue
        if isinstance(step, str) and step not in known_names:
            break
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
        here = inside
    return "".join(f"/{step}" for step in steps)


_ABSENT: Final = object()


def _member(here: object, step: int | str) -> object:
    if isinstance(here, dict):
        return here.get(step, _ABSENT)
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return _ABSENT
