"""Bodies are validated as bytes, once; what is not plain JSON never reaches a model. They describe themselves, too."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from shared.web.flaws import flaws_of_body
from shared.web.problems import Malformed
from shared.web.strict_json import not_json, parsed

Model = TypeVar("Model")

_DEEPEST: Final = 64
_JSON: Final = re.compile(
    r"application/(?:[a-z0-9.\-]+\+)?json(?:\s*;\s*(?:charset=\"?utf-8\"?|fhirversion=\"?4\.0\"?))*", re.IGNORECASE
)
_NOT_A_NUMBER: Final = re.compile(rb"NaN|Infinity|\d{300}|[eE]\+?0*+(?:[3-9]\d\d|[1-9]\d{3})")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS: Final = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}
_PART_BYTES: Final = 64 * 1024
"""What is looked through at once. A larger body is looked through on a thread of its own."""
_LONGEST_NUMBER: Final = 512


class JsonBody:
    """Reads a request's body as `model`."""

    def __init__(self, model: Any, schema: Mapping[str, Any] | None) -> None:
        self.model = model
        self.adapter: TypeAdapter[Any] = TypeAdapter(model)
        self.schema = schema
        self._known_names = frozenset(_property_names(schema or self.adapter.json_schema()))

    async def __call__(self, request: Request) -> object:
        """Return the validated body. Raises Malformed (400, 415 or 422)."""
        raw = await raw_body(request)
        # The validator would take the last of two members of one name, and say nothing.
        parsed(raw, self._known_names)
        try:
            return self.adapter.validate_json(raw)
        except ValidationError as error:
            flaws = flaws_of_body(error, raw, self._known_names)
        if flaws[0].code == "json_invalid":
            raise not_json()
        raise Malformed(422, "invalid", "The body is not valid.", flaws)


def body(model: Any, schema: Mapping[str, Any] | None = None) -> Any:
    """Take the body as a model; OpenAPI shows `schema` instead of the model's own, if given.

    `answer: Annotated[Answer, body(Answer)]`
    """
    return Depends(JsonBody(model, schema))


async def raw_body(request: Request) -> bytes:
    """The bytes of a JSON body that is of the right type, not too deep, and without numbers that are none.

    Raises Malformed (400 or 415).
    """
    content_type = request.headers.get("content-type", "")
    if not _JSON.fullmatch(content_type) or "content-encoding" in request.headers:
        raise Malformed(415, "unsupported_media_type", "The body must be JSON in UTF-8, not compressed.")
    raw = await request.body()
    if len(raw) < _PART_BYTES:
        _check_outside_of_strings(raw)
    else:
        await asyncio.to_thread(_check_outside_of_strings, raw)
    return raw


def _check_outside_of_strings(raw: bytes) -> None:
    """What looks wrong may stand in a string, where it does no harm."""
    # Without escapes, every other part between quotes is outside. All of it is done by what runs once over the bytes.
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = b"".join(raw.split(b'"')[::2])
    starts = range(0, len(bare), _PART_BYTES)
    if any(_NOT_A_NUMBER.search(bare, start, start + _PART_BYTES + _LONGEST_NUMBER) for start in starts):
        raise Malformed(400, "number_out_of_range", "JSON has no NaN, no infinity and no such large numbers.")
    if _is_too_deep(bare):
        raise Malformed(400, "too_deep", f"The body nests more than {_DEEPEST} levels.")


def _property_names(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from _property_names(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _property_names(part)


def _is_too_deep(bare: bytes) -> bool:
    brackets, level = bare.translate(None, _NO_BRACKETS), 0
    for part in _parts(brackets):
        levels = list(accumulate(map(_STEPS.__getitem__, part), initial=level))
        if max(levels) > _DEEPEST:
            return True
        level = levels[-1]
    return False


def _parts(text: bytes) -> Iterator[bytes]:
    """One after the other, so that whoever else wants to work is kept waiting by no more than one."""
    return (text[start : start + _PART_BYTES] for start in range(0, len(text), _PART_BYTES))
