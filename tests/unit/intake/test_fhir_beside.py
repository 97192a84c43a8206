"""What nobody reads is held against FHIR's JSON: one warning at its place, and never a refusal."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from services.intake.api.fhir.beside import CODE, MOST_LOOKED_AT, MOST_SAID
from services.intake.api.fhir.bundle import opened
from services.intake.api.fhir.order import orders_of
from shared.web import Flaw
from tests.unit.intake.fhir_names import WRITTEN, lines
from tests.unit.intake.invented import Document, bundle, resources

AT: Final = "/Bundle/entry/5/resource"
DATA: Final = "Zephyrine"
PULSE: Final[Mapping[str, Any]] = {
    "resourceType": "Observation",
    "id": "pulse-1",
    "meta": {"lastUpdated": "2026-04-06T10:00:00.123-04:00"},
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "pulse"},
    "subject": {"reference": "Patient/1"},
    "effectivePeriod": {"start": "2026", "end": "2026-04"},
    "issued": "2026-04-06T10:00:00Z",
    "valueQuantity": {"value": 60.5, "unit": "/min"},
    "referenceRange": [{"low": {"value": 50}, "high": {"value": 90}}],
    "component": [{"code": {"text": "x"}, "valueString": "regular"}],
    "_issued": {"extension": [{"url": "urn:example:x", "valueBoolean": True}]},
}
GIVEN: Final[Document] = {"resourceType": "Patient", "name": [{"given": [None, "B"], "_given": [{"id": "a"}, None]}]}


def beside(*found: Any, type_: str = "collection") -> tuple[Flaw, ...]:
    """What is said of resources that came beside the invented order, which is taken in any case."""
    document = bundle(resources(), type_)
    document["entry"] += [{"resource": each} for each in found]
    return read(document)


def read(document: Document) -> tuple[Flaw, ...]:
    """What is said of the resources that nobody read."""
    now = datetime(2026, 4, 7, tzinfo=UTC)
    [asked] = orders_of(opened(json.dumps(document).encode()), now, "America/New_York")
    assert asked.instruction is not None
    assert not asked.flaws
    return tuple(flaw for flaw in asked.warnings if flaw.code == CODE)


class TestBeside:
    @pytest.mark.parametrize(
        "resource",
        [
            PULSE,
            GIVEN,
            {"resourceType": "MedicinalProductAuthorization", "status": {"text": "R4 has a concept there"}},
            {"resourceType": "Consent", "provision": {"data": [{"meaning": "x", "reference": {"reference": "A/1"}}]}},
            {"resourceType": "MolecularSequence", "quality": [{"start": 3, "end": 7}]},
            {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": PULSE}]},
            {"resourceType": "Observation", "contained": [{**PULSE, "id": "a"}]},
        ],
    )
    def test_is_quiet_about_what_is_as_it_should_be(self, resource: Document) -> None:
        """Nothing odd is said of what is well-formed."""
        assert () == beside(resource)

    @pytest.mark.parametrize(
        ("change", "place", "sentence"),
        [
            ({"code": {}}, "/code", "empty"),
            ({"category": []}, "/category", "empty"),
            ({"code": {"text": ""}}, "/code/text", "empty"),
            ({"note": [{}]}, "/note/0", "empty"),
            ({"code": {"text": None}}, "/code/text", "null"),
            ({"status": None}, "/status", "null"),
            ({"status": 3}, "/status", "a text"),
            ({"status": {"text": "final"}}, "/status", "a text"),
            ({"id": "a b"}, "/id", "an id"),
            ({"id": "x" * 65}, "/id", "an id"),
            ({"id": 7}, "/id", "a text"),
            ({"subject": {"reference": 7}}, "/subject/reference", "a text"),
            ({"subject": "Patient/1"}, "/subject", "an object"),
            ({"issued": "yesterday"}, "/issued", "a date"),
            ({"issued": 20260406}, "/issued", "a text"),
            ({"issued": "2026-04-06T10:00:00"}, "/issued", "a date"),
            ({"effectiveDateTime": "06.04.2026"}, "/effectiveDateTime", "a date"),
            ({"effectiveInstant": "2026-13-01"}, "/effectiveInstant", "a date"),
            ({"effectivePeriod": {"start": "spring"}}, "/effectivePeriod/start", "a date"),
            ({"effectivePeriod": {"end": 2026}}, "/effectivePeriod/end", "a text"),
            ({"effectivePeriod": "2026"}, "/effectivePeriod", "an object"),
            ({"valueQuantity": {"value": "60"}}, "/valueQuantity/value", "a number"),
            ({"referenceRange": [{"low": {"value": "50"}}]}, "/referenceRange/0/low/value", "a number"),
            ({"valueQuantity": {"value": True}}, "/valueQuantity/value", "a number"),
            ({"valueString": "sixty"}, "", "several values"),
            ({"component": [{"valueString": "a", "valueInteger": 1}]}, "/component/0", "several values"),
            ({"component": [{"valueBoolean": "true"}]}, "/component/0/valueBoolean", "true or false"),
            ({"extension": [{"valueString": DATA}]}, "/extension/0/url", "in an extension"),
            ({"extension": [{"url": "u", "valueString": "a", "valueCode": "b"}]}, "/extension/0", "several values"),
            ({"resourceType": "Observaton"}, "/resourceType", "a type"),
            ({"contained": [{"id": "a"}]}, "/contained/0/resourceType", "a type"),
            ({"contained": [{"resourceType": "Zephyrine"}]}, "/contained/0/resourceType", "a type"),
            ({"code": {DATA: {"text": ""}}}, "/code", "empty"),
        ],
    )
    def test_warns_of_a_flaw_at_its_place(self, change: Document, place: str, sentence: str) -> None:
        """By each rule that holds for every element; a name that FHIR does not have is not said."""
        [flaw] = beside({**PULSE, **change})

        assert flaw.pointer == AT + place
        assert sentence in flaw.detail
        assert DATA not in str(flaw)

    def test_warns_once_of_each_resource(self) -> None:
        """However much is wrong with it; and of what a resource contains that was read."""
        document = bundle(resources())
        patient = next(e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == "Patient")
        patient["contained"] = [{"resourceType": "Organization", "id": "a", "name": ""}]
        document["entry"] += [{"resource": {**PULSE, "code": {}, "status": 3}}, {"resource": {}}]

        assert [
            "/Bundle/entry/1/resource/contained/0/name",
            "/Bundle/entry/5/resource/status",
            "/Bundle/entry/6/resource",
        ] == [flaw.pointer for flaw in read(document)]

    def test_says_no_more_than_somebody_can_read(self) -> None:
        """Beyond, it is said that there is more."""
        said = beside(*[{**PULSE, "status": 3}] * (MOST_SAID + 5))

        assert MOST_SAID + 1 == len(said)
        assert "/Bundle/entry" == said[-1].pointer

    def test_looks_at_so_much_and_no_more(self) -> None:
        """A Bundle that is large enough to keep others waiting is looked at as far as it can be, and it is said."""
        many = {"resourceType": "Basic", "extension": [{"url": "u"}] * 4000}
        said = beside(*[many] * (MOST_LOOKED_AT // 4000 + 2))

        assert ["/Bundle/entry"] == [flaw.pointer for flaw in said]

    def test_looks_at_no_resource_for_ever(self) -> None:
        """Of a huge one, the beginning."""
        huge = {"resourceType": "Basic", "code": {"coding": [1]}, "extension": [{"url": "u"}] * 9000}

        assert not beside(huge)
        assert beside({**huge, "code": 1})


class TestNames:
    def test_are_those_of_fhir(self) -> None:
        """As the models of FHIR R4B have them; `python -m tests.unit.intake.fhir_names` writes them anew."""
        assert WRITTEN.read_text().splitlines() == lines()
