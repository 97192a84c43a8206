"""No part of a data type of FHIR R4B is passed over in silence: it counts somewhere, or is listed with a reason."""

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic.fields import FieldInfo

from tests.privacy import fhir
from tests.unit.intake.doors import concept, typed
from tests.unit.intake.test_fhir_every_element import ABOUT_THE_RECORD, LEFT_ALONE, LIST, TYPES, outcome

PART: Final = re.compile(r"abc\.(\w+)Type\b")
OF_THE_RECORD: Final = frozenset({"Meta", "Narrative", "Extension", "Resource", "FHIRPrimitiveExtension"})
"""Kinds that are about the record or its display: nobody reads them, and the list says so."""
WHOLE: Final = frozenset({"Age", "Attachment", "PatientContact", "PatientLink", "Range", "Ratio"})
"""Kinds whose places warn, or ask, of the whole: a part changes nothing of that (documents have tests of their own)."""
INSIDE: Final = ("TimingRepeat", "Coding")
"""Parts of parts that are looked into as well: how often, and by which code."""
ENDED: Final = {"end": "2020-01-01"}
SAID: Final[dict[str, Any]] = {
    "HumanName": {"use": "official", "family": "Sample", "given": ["Robin"]},
    "Timing": {"event": ["2026-04-01"]},
    "TimingRepeat": {"boundsPeriod": {"start": "2026-04-01"}},
    "Identifier": {"system": "urn:example:x", "value": "7"},
    "Coding": {"system": "urn:example:x", "code": "7"},
    "Annotation": {"text": "a note"},
    "CoverageClass": {"type": concept("http://terminology.hl7.org/CodeSystem/coverage-class", "plan"), "value": "7"},
    "Quantity": {"value": 3, "unit": "visits"},
}
"""What stands at a place where nothing in particular must, so that each part can be told from the others."""
ANNOUNCING: Final[dict[str, Any]] = {
    **dict.fromkeys(("Address.period", "HumanName.period", "ContactPoint.period", "Identifier.period"), ENDED),
    **dict.fromkeys(("Address.use", "HumanName.use", "ContactPoint.use", "Identifier.use"), "old"),
    "Address.country": "Canada",
    "Address.state": "CA",
    "ContactPoint.system": "fax",
    "Identifier.type": typed("SS", "7")["type"],
    "Reference.identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1"},
}
TOLD_BY_OTHER_TESTS: Final = {
    "Address.type": "of several addresses only, which test_fhir_in_use.py has",
    "ContactPoint.rank": "of several numbers only, which test_fhir_in_use.py has",
    "HumanName.text": "stands in where no part is there, which test_fhir_in_use.py has",
    "PatientCommunication.preferred": "of several languages only, which test_fhir_in_use.py has",
    "Identifier.period": "of several numbers only, which test_fhir_whose.py has",
    "Identifier.use": "of several numbers only, which test_fhir_whose.py has",
    "Quantity.code": "stands in for the unit",
}
LISTED: Final = frozenset(
    re.findall(r"^\| `([^`]+)` \| .+ \|$", LIST.read_text().partition("## Inside data types")[2], re.MULTILINE)
)
"""The second table of the documentation."""
Place = tuple[str, str]


def members(model: str) -> Iterator[tuple[str, FieldInfo]]:
    """The elements of a type."""
    for name, info in get_fhir_model_class(model).model_fields.items():
        if not name.endswith("__ext") and (info.alias or name) not in ABOUT_THE_RECORD:
            yield info.alias or name, info


def kind_of(info: FieldInfo) -> str | None:
    """The data type of an element; None for a primitive."""
    found = PART.search(str(info.annotation))
    return found[1] if found else None


def places() -> dict[str, list[Place]]:
    """Where each data type stands in the resources that are read, but for elements that are left alone as a whole."""
    found: dict[str, list[Place]] = {}
    for type_ in TYPES:
        for element, info in members(type_):
            kind = kind_of(info)
            if kind and kind not in OF_THE_RECORD and f"{type_}.{element}" not in LEFT_ALONE:
                found.setdefault(kind, []).append((type_, element))
    return {
        **found,
        "TimingRepeat": [("ServiceRequest", "occurrenceTiming/repeat")],
        "Coding": [("ServiceRequest", "code/coding"), ("Condition", "code/coding")],
    }


PLACES: Final = places()
PARTS: Final = [
    (kind, member) for kind in PLACES if kind not in WHOLE for member, _ in members(kind) if kind not in OF_THE_RECORD
]


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    """A Bundle with something in every element."""
    return fhir.bundle("a")


@pytest.mark.parametrize(("kind", "member"), PARTS)
def test_counts_or_is_said_not_to(full: dict[str, Any], kind: str, member: str) -> None:
    """At one place at least, without it or with other words in it the order or what is said is another."""
    is_listed = f"{kind}.{member}" in {*LISTED, *TOLD_BY_OTHER_TESTS}

    makes_a_difference = any(
        outcome(before) != outcome(after)
        for place in PLACES[kind]
        for before, after in variants(full, place, kind, member)
    )
    assert makes_a_difference != is_listed, "listed, though it counts" if is_listed else "passed over in silence"


def test_lists_only_what_there_is() -> None:
    """Each row names a part that FHIR has; each kind about the record has a row of its own."""
    parts = {f"{kind}.{member}" for kind, member in PARTS}

    assert parts >= LISTED - {f"{kind}.*" for kind in (*OF_THE_RECORD, *WHOLE)}
    assert {f"{kind}.*" for kind in ("Meta", "Narrative", "Extension", *WHOLE)} <= LISTED


def variants(
    full: dict[str, Any], place: Place, kind: str, member: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The Bundle with the place filled, and the same without the member, or with other words in it."""
    info = dict(members(kind))[member]
    told = str(info.annotation)
    word: Any = fhir.value_of(info.annotation, "other", 1)
    if "bool" in told:
        word = True
    elif re.search(r"\bint\b|Decimal", told):
        word = 7
    elif "datetime.time" in told:
        word = ["08:00:00"]
    for value in (None, word, ANNOUNCING.get(f"{kind}.{member}")):
        before, after = copy.deepcopy(full), copy.deepcopy(full)
        _at(before, place, kind)
        here = _at(after, place, kind)
        choice = fhir.choice_of(info)
        for name, other in members(kind):
            if name == member or (choice and fhir.choice_of(other) == choice):
                here.pop(name, None)
        if value is not None:
            here[member] = value
        yield before, after


def _at(document: dict[str, Any], place: Place, kind: str) -> dict[str, Any]:
    """What stands there; where nothing in particular must, something plain."""
    type_, path = place
    element, _, inside = path.partition("/")
    resource = next(e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == type_)
    model = dict(members(type_))
    choice = fhir.choice_of(model[element])
    if element not in resource or (kind in SAID and kind not in {"Identifier", "HumanName"}):
        for name, info in model.items():
            if choice and fhir.choice_of(info) == choice:
                resource.pop(name, None)
        plain = SAID.get(kind if not inside else "", None) or fhir.value_of(model[element].annotation, "q", 1)
        if inside:
            plain = {inside: [SAID[kind]] if kind == "Coding" else SAID[kind]}
        is_list = "List" in str(model[element].annotation)
        resource[element] = [copy.deepcopy(plain)] if is_list and not isinstance(plain, list) else copy.deepcopy(plain)
    here = resource[element]
    here = here[0] if isinstance(here, list) else here
    here = here[inside] if inside else here
    found: dict[str, Any] = here[0] if isinstance(here, list) else here
    return found
