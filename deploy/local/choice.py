"""Decides which stack this machine gets, and why. Looking and fetching are handed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.local.tools import Lacking

GIVEN = "given"


@dataclass(frozen=True)
class Choice:
    """A kind of stack, and the reason in words."""

    kind: str
    because: str


def choose(asked_for: str | None, environment: Mapping[str, str], ways: Mapping[str, Callable[[], str]]) -> Choice:
    """The stack asked for, else the one given by addresses, else the first of `ways` that this machine can go.

    Each of `ways` makes a kind of stack ready to start, and says what it found, or raises Lacking.
    """
    asked_for = asked_for or environment.get("THROUGHLINE_STACK")
    addresses = [name for name in ("KAFKA_BOOTSTRAP", "MONGO_URI") if environment.get(name)]
    if asked_for == GIVEN or (addresses and not asked_for):
        return _given(addresses)
    if asked_for:
        return Choice(asked_for, f"asked for; {_way(ways, asked_for)()}")
    return _first_possible(ways)


def _given(addresses: list[str]) -> Choice:
    if len(addresses) != 2:  # noqa: PLR2004 - one address would leave the other half to chance
        raise Lacking("a given stack needs two addresses", "set both KAFKA_BOOTSTRAP and MONGO_URI")
    return Choice(GIVEN, "KAFKA_BOOTSTRAP and MONGO_URI are set")


def _way(ways: Mapping[str, Callable[[], str]], kind: str) -> Callable[[], str]:
    if kind not in ways:
        raise Lacking(f"there is no stack called {kind!r}", f"use one of: {', '.join([*ways, GIVEN])}")
    return ways[kind]


def _first_possible(ways: Mapping[str, Callable[[], str]]) -> Choice:
    missing: list[Lacking] = []
    for kind, make_ready in ways.items():
        try:
            found = make_ready()
        except Lacking as lacking:
            missing.append(lacking)
        else:
            return Choice(kind, "; ".join([*map(str, missing), found]))
    raise Lacking("; ".join(map(str, missing)), missing[-1].remedy)
