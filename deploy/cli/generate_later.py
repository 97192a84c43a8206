"""What the EHR that sent an invented order says of it some time later, as FHIR R4. Pure.

Each word is the whole order again, as an EHR sends it: the same, with what was missing, changed, or with the status or
the patient that ends it. How long after the start of the story is fixed by the word, so that two demos are the same.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal
from uuid import NAMESPACE_URL, uuid5

from deploy.cli.generate_fhir import ORDER_SYSTEM, Resource, bundle
from deploy.cli.invented import Invented

Word = Literal["resent", "supplied", "changed", "revoked", "replaced", "held", "resumed", "deceased"]


@dataclass(frozen=True)
class Later:
    """One later message: what it says, how far into the story it is sent, and its bytes."""

    word: Word
    after: timedelta
    body: bytes


def later(first: Word, order: Invented) -> tuple[Later, ...]:
    """The later messages of a complete order. An EHR that puts an order on hold resumes it days later."""
    words: tuple[Word, ...] = (first, "resumed") if first == "held" else (first,)
    return tuple(Later(word, _AFTER[word], json.dumps(_SAYS[word](order)).encode()) for word in words)


_AFTER: Final[Mapping[Word, timedelta]] = {
    "supplied": timedelta(hours=1),
    "revoked": timedelta(hours=20),
    "resent": timedelta(hours=22),
    "held": timedelta(hours=24),
    "changed": timedelta(hours=26),
    "replaced": timedelta(hours=28),
    "deceased": timedelta(hours=74),
    "resumed": timedelta(hours=97),
}
"""In the story's hours. What is missing comes before the same EHR answers the question for it: within two hours.
What is revoked is so before an office could have seen the patient, on the first morning."""


def _with_a_trifle(order: Invented) -> Resource:
    """The family name in capitals, as some EHRs print it: the same order."""
    return bundle(replace(order, family=order.family.upper()))


def _more_pressing(order: Invented) -> Resource:
    return bundle(replace(order, priority="asap" if order.priority == "urgent" else "urgent"))


def _with_status(status: str) -> Callable[[Invented], Resource]:
    def says(order: Invented) -> Resource:
        document = bundle(order)
        document["entry"][0]["resource"]["status"] = status
        return document

    return says


def _replacing(order: Invented) -> Resource:
    """Another order for the same patient, with a number of its own, that says which one it takes the place of."""
    document, number = bundle(order), f"{order.number}-R"
    [first, *others] = document["entry"]
    request, id_ = first["resource"], str(uuid5(NAMESPACE_URL, f"{number}/request"))
    former = {"identifier": {"system": ORDER_SYSTEM, "value": order.number}}
    renumbered = [{**identifier, "value": number} for identifier in request["identifier"]]
    new = {**request, "id": id_, "identifier": renumbered, "replaces": [former]}
    return {**document, "entry": [{"fullUrl": f"urn:uuid:{id_}", "resource": new}, *others]}


def _of_one_who_died(order: Invented) -> Resource:
    document = bundle(order)
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"]["deceasedBoolean"] = True
    return document


_SAYS: Final[Mapping[Word, Callable[[Invented], Resource]]] = {
    "resent": _with_a_trifle,
    "supplied": bundle,
    "changed": _more_pressing,
    "revoked": _with_status("revoked"),
    "replaced": _replacing,
    "held": _with_status("on-hold"),
    "resumed": bundle,
    "deceased": _of_one_who_died,
}
