"""Referrals of every kind for the demo: the same seed and start give the same ones, and nobody in them exists."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Literal, cast

from deploy.cli.generate_fhir import bundle
from deploy.cli.generate_later import Later, Word, later
from deploy.cli.generate_own import own_json
from deploy.cli.invented import Invented, invent

Door = Literal["fhir", "own"]
Usual = Literal["whole", "cancelled", "no_coverage", "no_contact", "no_diagnosis", "repeated", "contradicted", "broken"]
Kind = Usual | Literal["no_pathway"] | Word
PATHS: Final[Mapping[Door, str]] = {"fhir": "/fhir/R4", "own": "/v1/referrals"}
SECOND: Final[frozenset[Kind]] = frozenset({"repeated", "contradicted"})
"""Kinds that speak of an order that was sent before."""
SEED: Final = "throughline"
_KINDS: Final[Sequence[Kind]] = (
    *("whole", "whole", "cancelled", "whole", "whole", "no_coverage", "whole", "whole", "repeated", "whole"),
    *("whole", "no_contact", "whole", "contradicted", "whole", "no_diagnosis", "whole", "broken", "whole", "cancelled"),
)
"""Every usual kind appears within twenty, so that a small demo has them, too."""
_SELDOM: Final[Mapping[int, Kind]] = {
    0: "changed",
    3: "revoked",
    20: "resent",
    23: "held",
    24: "replaced",
    25: "supplied",
    26: "no_pathway",
    27: "deceased",
}
"""The kinds that appear once within a hundred: orders with later messages, and one that no pathway fits."""
_WITHIN: Final = 100


@dataclass(frozen=True)
class Sending:
    """One request to intake: its path, its bytes, and its later messages."""

    kind: Kind
    door: Door
    body: bytes
    cancel_after: timedelta | None = None
    later: tuple[Later, ...] = ()


def sendings(count: int, start: datetime, seed: str = SEED) -> list[Sending]:
    """`count` requests: mostly whole referrals, some incomplete, cancelled later, repeated, contradicted or broken.

    A few are of an EHR that speaks of its order again, days later.
    """
    chance = Random(seed)  # noqa: S311 - the same demo twice is the point
    made: list[Invented] = []
    found = []
    for place in range(count):
        kind = _SELDOM.get(place % _WITHIN) or _KINDS[place % len(_KINDS)]
        door: Door = "fhir" if chance.random() < 0.5 else "own"  # noqa: PLR2004 - one half
        found.append(_MAKERS.get(kind, _new)(chance, kind, door, made, start))
    return found


def _new(chance: Random, kind: Kind, door: Door, made: list[Invented], start: datetime) -> Sending:
    order = _LACKING.get(kind, _as_it_is)(invent(chance, f"ORD-{len(made) + 1:06}", start))
    made.append(order)
    after = timedelta(hours=chance.randrange(1, 30 * 24)) if kind == "cancelled" else None
    return Sending(kind, door, _body(order, door), after)


def _spoken_of_later(chance: Random, kind: Kind, _door: Door, made: list[Invented], start: datetime) -> Sending:
    """An order of an EHR that speaks FHIR, and says something else of it later."""
    order = invent(chance, f"ORD-{len(made) + 1:06}", start)
    made.append(order)
    sent = replace(order, payer=None) if kind == "supplied" else order
    return Sending(kind, "fhir", _body(sent, "fhir"), later=later(cast("Word", kind), order))


def _no_pathway(chance: Random, kind: Kind, _door: Door, made: list[Invented], start: datetime) -> Sending:
    """A service by text only: what is wanted, a person may understand."""
    order = invent(chance, f"ORD-{len(made) + 1:06}", start)
    made.append(order)
    document = bundle(order)
    request = document["entry"][0]["resource"]
    request["code"] = {"text": "Second opinion, whoever sees this soonest"}
    del request["performerType"]
    return Sending(kind, "fhir", json.dumps(document).encode())


def _repeated(chance: Random, kind: Kind, door: Door, made: list[Invented], _start: datetime) -> Sending:
    """The same order once more, as JSON or FHIR."""
    return Sending(kind, door, _body(chance.choice(made), door))


def _contradicted(chance: Random, kind: Kind, door: Door, made: list[Invented], _start: datetime) -> Sending:
    """An order number that is known, with another patient behind it: intake must not believe it."""
    order = chance.choice(made)
    return Sending(kind, door, _body(replace(order, given="Somebody", family="Elsewise"), door))


def _broken(chance: Random, kind: Kind, door: Door, made: list[Invented], start: datetime) -> Sending:
    """Requests that intake must refuse: half a document, no document, a value of the wrong type, an unknown code."""
    order = invent(chance, f"BAD-{len(made):06}", start)
    spoilt: tuple[Callable[[], bytes], ...] = (
        lambda: _body(order, door)[:-20],
        lambda: b"[1, 2, 3]",
        lambda: _with_priority(order, door, 7),
        lambda: _with_priority(order, door, "whenever"),
    )
    return Sending(kind, door, chance.choice(spoilt)())


def _with_priority(order: Invented, door: Door, priority: object) -> bytes:
    document = _WRITERS[door](order)
    request = document["entry"][0]["resource"] if door == "fhir" else document
    request["priority"] = priority
    return json.dumps(document).encode()


def _body(order: Invented, door: Door) -> bytes:
    return json.dumps(_WRITERS[door](order)).encode()


def _as_it_is(order: Invented) -> Invented:
    return order


_WRITERS: Final[Mapping[Door, Callable[[Invented], dict[str, Any]]]] = {"fhir": bundle, "own": own_json}
_LACKING: Final[Mapping[Kind, Callable[[Invented], Invented]]] = {
    "no_coverage": lambda order: replace(order, payer=None),
    "no_contact": lambda order: replace(order, phone=None, email=None),
    "no_diagnosis": lambda order: replace(order, has_diagnosis=False),
}
_MAKERS: Final = {
    "repeated": _repeated,
    "contradicted": _contradicted,
    "broken": _broken,
    "no_pathway": _no_pathway,
    **dict.fromkeys(("resent", "supplied", "changed", "revoked", "replaced", "held", "deceased"), _spoken_of_later),
}
