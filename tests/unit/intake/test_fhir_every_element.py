"""No element of FHIR R4B is passed over in silence: it counts, is warned of or refused, or is listed with a reason."""

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from fhir.resources.R4B import get_fhir_model_class

from services.intake.api.fhir import bundle as parcels
from services.intake.api.fhir.order import orders_of
from services.intake.domain.instruction import Place
from shared.web import Malformed
from tests.privacy import fhir
from tests.unit.intake.doors import concept, typed

NOW: Final = datetime(2026, 3, 3, tzinfo=UTC)
TYPES: Final = (
    *("ServiceRequest", "Patient", "Practitioner", "Organization", "PractitionerRole", "Condition", "Coverage"),
    "DocumentReference",
)
LIST: Final = Path(__file__).parents[3] / "docs" / "fhir-elements.md"
ABOUT_THE_RECORD: Final = frozenset(
    ("resourceType", "fhir_comments", "id", "meta", "contained", "extension", "modifierExtension", "implicitRules")
)
"""Read by the algorithm of references and versions, or not at all (extensions); modifiers have tests of their own."""
ANNOUNCING: Final[dict[str, Any]] = {
    "ServiceRequest.category": [concept("http://snomed.info/sct", "108252007")],
    "ServiceRequest.insurance": [{"reference": "urn:uuid:elsewhere"}],
    "ServiceRequest.quantityQuantity": {"value": 3, "unit": "visits"},
    "ServiceRequest.replaces": [{"identifier": {"system": "urn:example", "value": "1"}}],
    "Patient.contact": [{"telecom": [{"system": "phone", "value": "617-555-0177"}]}],
    "Patient.link": [{"type": "replaced-by", "other": {"display": "another"}}],
    "Practitioner.name": [{"family": "Else"}],
    "Condition.clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved"),
    "Condition.verificationStatus": concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted"),
    "Coverage.class": [
        {"type": concept("http://terminology.hl7.org/CodeSystem/coverage-class", "group"), "value": "7"}
    ],
    "Coverage.identifier": [typed("MB", "another")],
    "Coverage.order": None,
    "Coverage.period": {"end": "2020"},
    "Coverage.type": concept("http://terminology.hl7.org/CodeSystem/coverage-selfpay", "pay"),
    "DocumentReference.docStatus": "entered-in-error",
    "DocumentReference.subject": {"reference": "urn:uuid:elsewhere"},
}
"""What an element would say where any word would not be understood."""
TOLD_BY_OTHER_TESTS: Final = {"Coverage.order": "of several coverages only, which test_fhir_whose.py has"}


def elements() -> Iterator[tuple[str, str]]:
    """Every element that R4B gives to the resources that are read, by type and name."""
    for type_ in TYPES:
        for name, info in get_fhir_model_class(type_).model_fields.items():
            element = info.alias or name
            if not name.endswith("__ext") and element not in ABOUT_THE_RECORD:
                yield type_, element


def left_alone() -> dict[str, str]:
    """The first table of the documentation: elements and reasons. Parts of data types are another test's."""
    table = LIST.read_text().partition("## Inside data types")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE))


LEFT_ALONE: Final = left_alone()


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    """A Bundle with something in every element."""
    return fhir.bundle("a")


@pytest.mark.parametrize(("type_", "element"), list(elements()))
def test_counts_or_is_said_not_to(full: dict[str, Any], type_: str, element: str) -> None:
    """Without it, or with other words in it, the order or what is said is another, or the list says why not."""
    is_listed = bool({f"{type_}.{element}", f"*.{element}"} & {*LEFT_ALONE, *TOLD_BY_OTHER_TESTS})

    makes_a_difference = any(outcome(other) != outcome(full) for other in variants(full, type_, element))

    assert makes_a_difference != is_listed, "listed, though it counts" if is_listed else "passed over in silence"


def test_lists_only_what_there_is() -> None:
    """A name that FHIR does not have explains nothing."""
    assert set(LEFT_ALONE) <= {f"{type_}.{element}" for type_, element in elements()} | {"*.language", "*.text"}


def variants(full: dict[str, Any], type_: str, element: str) -> Iterator[dict[str, Any]]:
    """The Bundle without the element, and with other words in it."""
    model = get_fhir_model_class(type_).model_fields
    info = next(info for name, info in model.items() if (info.alias or name) == element)
    choice = fhir.choice_of(info)
    rivals = [i.alias or n for n, i in model.items() if choice and fhir.choice_of(i) == choice]
    told = str(info.annotation)
    if "bool" in told:
        words: list[Any] = [True, False]
    elif re.search(r"\bint\b", told):
        words = [7]
    else:
        words = [fhir.value_of(info.annotation, "other", 1)]
    for value in (None, *words, ANNOUNCING.get(f"{type_}.{element}")):
        other = copy.deepcopy(full)
        resource = next(e["resource"] for e in other["entry"] if e["resource"]["resourceType"] == type_)
        for name in (element, *rivals):
            resource.pop(name, None)
        if value is not None:
            resource[element] = value
        yield other


def outcome(document: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """What becomes of a Bundle: its order, and what is said about it."""
    try:
        [asked] = orders_of(parcels.opened(json.dumps(document).encode()), NOW, "America/New_York")
    except Malformed as refused:
        return refused.code, []
    place = asked.instruction
    order = place.order.model_dump_json() + repr(place.replaces) if isinstance(place, Place) else repr(place)
    return order, sorted((flaw.pointer, flaw.code) for flaw in (*asked.warnings, *asked.flaws))
