"""Exceptions in the middle of everything, each with patient data wherever an exception can hold it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from aiokafka.errors import KafkaError
from pydantic import BaseModel, ValidationError
from pymongo.errors import BulkWriteError

from shared.errors import Rejected, Unavailable, Unknown
from tests.privacy.canaries import NPI, PHONE, STEM
from tests.support.memory import Weather

STEPS: Final = ("load", "save", "saved", "append", "clear", "clock", "due", "parked")
BUS_STEPS: Final = ("send", "sent", "join", "fetch", "fetched", "commit")
RARELY: Final = {"clear": 1}
SPOKEN: Final = f"{STEM} {PHONE} {NPI}"


class Person(BaseModel):
    """What cannot be read."""

    age: int


def _unreadable() -> Exception:
    try:
        Person.model_validate({"age": SPOKEN, STEM: STEM})
    except ValidationError as error:
        return error
    raise AssertionError


def _caused() -> Exception:
    """A group and a chain, as libraries make them."""
    error = ValueError(SPOKEN)
    error.__cause__ = KeyError(SPOKEN)
    error.add_note(SPOKEN)
    return ExceptionGroup(SPOKEN, [error, OSError(5, SPOKEN, SPOKEN)])


class Coded(Exception):
    """One whose code is what it should not be."""

    code = f"{STEM}."


FAULTS: Final[Mapping[str, Callable[[], Exception]]] = {
    "with a message": lambda: RuntimeError(SPOKEN),
    "with its input": _unreadable,
    "of a group, with causes and notes": _caused,
    "of the database": lambda: BulkWriteError({"writeErrors": [{"keyValue": {STEM: SPOKEN}}], "n": SPOKEN}),
    "of the broker": lambda: KafkaError(SPOKEN),
    "named for a key": lambda: KeyError(STEM),
    "with a code": lambda: Coded(SPOKEN),
    "of ours: nothing happened": lambda: _from(Unavailable(), SPOKEN),
    "of ours: nobody knows": lambda: _from(Unknown(SPOKEN), SPOKEN),
}
"""By what they are like."""
OUTSIDE_FAULTS: Final[Mapping[str, Callable[[], Exception]]] = {
    "of the line": lambda: httpx2.ReadTimeout(SPOKEN),
    "before the line": lambda: httpx2.ConnectError(SPOKEN),
    "of the protocol": lambda: httpx2.RemoteProtocolError(SPOKEN),
    **{name: FAULTS[name] for name in ("with a message", "with its input", "with a code")},
    "of ours: refused": lambda: Rejected("no", SPOKEN),
}


def _from(error: Exception, cause: str) -> Exception:
    error.__cause__ = ConnectionError(cause)
    return error


@dataclass
class Faulty(Weather):
    """Weather that raises each planned fault once, at the nth step of its name."""

    plan: dict[str, list[Callable[[], Exception]]] = field(default_factory=dict)
    every: int = 2
    struck: list[str] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def with_all(cls, steps: Sequence[str]) -> "Faulty":
        """Every fault at each of these steps; at what comes every few seconds, one."""
        return cls({step: list(FAULTS.values())[: RARELY.get(step)] for step in steps})

    async def step(self, name: str) -> None:
        """Raise what is planned."""
        self._seen[name] = self._seen.get(name, 0) + 1
        if self.plan.get(name) and self._seen[name] % self.every == 0:
            self.struck.append(name)
            fault = self.plan[name].pop()
            raise fault()

    @property
    def is_over(self) -> bool:
        """Whether every fault has struck."""
        return not any(self.plan.values())


def raising(answer: Callable[[httpx2.Request], httpx2.Response], faults: list[Any]) -> Callable[..., httpx2.Response]:
    """An outside that breaks on every other request until all faults were raised."""
    count = 0

    def handle(request: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        if faults and count % 2:
            fault = faults.pop()
            raise fault()
        return answer(request)

    return handle
