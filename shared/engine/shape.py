"""What a stored document of this frame looks like, field by field: what does not fit is read by nobody.

Kinds are exact: a count that comes as text would be read here, and then never be matched by the query of a save.
"""

from datetime import datetime
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from shared.ports import Act, Stored

_EXACT = ConfigDict(strict=True, extra="forbid")
_Pair = Field(strict=False)
"""The database has lists where we have pairs."""
_Headers = list[Annotated[tuple[Annotated[str, Strict()], Annotated[bytes, Strict()]], _Pair]]
_Count = Annotated[int, Field(ge=0)]


class _Sent(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]
    n: _Count
    sequence: _Count
    topic: str
    type: str
    time: datetime
    body: bytes | None
    causationid: str | None
    traceparent: str | None
    headers: _Headers | None


class _Entry(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]
    sequence: _Count
    origin: str
    headers: _Headers
    key: bytes | None
    value: bytes | None
    since: datetime
    reason: str | None
    is_given_up: bool


class _Live(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]
    act: Act
    number: _Count
    at: datetime
    token: str
    refs: list[str]


class _Record(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]
    kind: str
    revision: int
    target: str
    urgency: int
    is_wanted: bool
    refs: list[str] | None
    dead: list[str] | None
    is_in_doubt: bool
    is_final: bool
    has_person: bool
    number: _Count
    tries: _Count
    sent_at: datetime | None
    retry_at: datetime | None
    call: _Live | None


class _Answered(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]
    version: _Count
    fingerprint: str | None


class _Document(TypedDict):
    """The state is its decider's to read; what else stands beside the known is of no frame that this program has."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore")  # type: ignore[misc]
    _id: str
    tenant: str
    version: Annotated[int, Field(ge=1)]
    schema: Annotated[int, Field(ge=1)]
    slot: int
    state: Any
    seen: dict[str, _Count]
    outbox: list[_Sent]
    told: _Count
    entries: _Count
    calls: list[_Record]
    answered: list[Annotated[tuple[Annotated[str, Strict()], _Answered], _Pair]]
    strikes: _Count
    frame: NotRequired[Annotated[int, Field(ge=1)]]
    waiting: NotRequired[list[Annotated[tuple[Annotated[str, Strict()], _Entry], _Pair]]]
    letters: NotRequired[list[Annotated[tuple[Annotated[str, Strict()], _Entry | None], _Pair]]]
    applied: NotRequired[list[Annotated[tuple[str, str, list[Annotated[tuple[_Count, _Count], _Pair]]], _Pair]]]
    unpublished_at: NotRequired[datetime]
    wake_at: NotRequired[datetime]
    retry_at: NotRequired[datetime]
    is_parked: NotRequired[bool]
    parked_at: NotRequired[datetime]
    step_untold_since: NotRequired[datetime]


_SHAPE = TypeAdapter(_Document)


def fault_of(stored: Stored) -> str | None:
    """The field that is missing or of another kind, as a pointer to its name; None when all are as they should be."""
    try:
        _SHAPE.validate_python(stored)
    except ValidationError as error:
        return f"/{error.errors(include_url=False, include_input=False, include_context=False)[0]['loc'][0]}"
    return None
