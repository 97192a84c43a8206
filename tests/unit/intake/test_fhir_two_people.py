"""Bundles with two people in them: nothing of the other person ever reaches the order.

Everything of the other is marked. Both are on servers of their own, with the same ids or with others, in any order, and
each has a record number, a name, coverages, conditions, relatives, documents and clinicians.
"""

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.api.fhir import bundle as parcels
from services.intake.api.fhir.order import orders_of
from services.intake.domain.instruction import Place
from tests.unit.intake.bundles import HOME
from tests.unit.intake.doors import ICD, NPI, NUCC, Document, concept, typed
from tests.unit.intake.invented import as_bytes
from tests.unit.intake.test_doors import NOW

OTHER, OURS = "Wrongperson", "Quillon"
OTHERS: Final = (OTHER, "B20", "+16175550199", "1987-06-05", "9999999995")
"""What is of the other person alone, in any of the forms in which it could come out."""
KINDS: Final = ("Coverage", "Condition", "RelatedPerson", "DocumentReference", "Practitioner")


def person(mark: str, root: str, ids: str, *, is_child: bool) -> dict[str, Document]:
    """Everything that a server knows of one person, by full URL; references are relative to it."""
    is_other = mark == OTHER
    born = ("2019-05-05" if is_child else "1971-03-09") if not is_other else "1987-06-05"
    phone = "617-555-0199" if is_other else "617-555-0142"
    subject = {"reference": f"Patient/{ids}"}
    telecom = [{"system": "phone", "value": phone}]
    mother = {"relationship": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH")], "telecom": telecom}
    resources: dict[str, Document] = {
        "Patient": {
            "identifier": [typed("MR", f"MR-{mark}", "urn:example:mrn")],
            "name": [{"family": mark}],
            "birthDate": born,
            "telecom": [] if is_child and not is_other else telecom,
            "address": [{"postalCode": "94110" if is_other else "02108"}],
        },
        "Practitioner": {
            "identifier": [{"system": NPI, "value": "9999999995" if is_other else "1234567893"}],
            "name": [{"family": f"Dr {mark}"}],
        },
        "Coverage": {
            "status": "active",
            "beneficiary": subject,
            "subscriberId": f"MB-{mark}",
            "payor": [{"reference": "#payer"}],
            "contained": [{"resourceType": "Organization", "id": "payer", "name": f"Plan of {mark}"}],
        },
        "Condition": {"subject": subject, "code": concept(ICD, "B20" if is_other else "I48.91")},
        "RelatedPerson": {"patient": subject, **mother},
        "DocumentReference": {
            "status": "current",
            "subject": subject,
            "content": [{"attachment": {"url": f"https://ehr.example/{mark}"}}],
        },
    }
    return {f"{root}/{type_}/{ids}": {"resourceType": type_, "id": ids, **found} for type_, found in resources.items()}


def order(root: str, ids: str, *, how: str, insurance: bool, contained: bool) -> Document:
    """The order of our person. `how` is how it refers to what is on its server."""

    def to(type_: str) -> Document:
        return {"reference": f"{root}/{type_}/{ids}" if how == "absolute" else f"{type_}/{ids}"}

    requester = {"reference": "#doctor"} if contained else to("Practitioner")
    inside: Any = [
        {
            "resourceType": "Practitioner",
            "id": "doctor",
            "identifier": [{"system": NPI, "value": "1234567893"}],
            "name": [{"family": "Dr Quillon"}],
        }
    ]
    return {
        "resourceType": "ServiceRequest",
        "id": ids,
        "identifier": [typed("PLAC", "ORDER-1", "urn:example:orders")],
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-11-30T09:00:00-05:00",
        "performerType": concept(NUCC, "207RC0000X"),
        "subject": to("Patient"),
        "requester": requester,
        "reasonReference": [to("Condition")],
        "supportingInfo": [to("DocumentReference")],
        **({"insurance": [to("Coverage")]} if insurance else {}),
        **({"contained": inside} if contained else {}),
    }


@st.composite
def bundles(draw: st.DrawFn) -> Document:
    """A Bundle whose references leave no doubt: it must be taken."""
    ids = draw(st.sampled_from(["1", "2"]))
    ours, others = (
        "https://ehr.example/fhir",
        draw(st.sampled_from(["https://other.example/fhir", "https://ehr.example/fhir"])),
    )
    other_ids = "1" if others != ours else "3"
    how = draw(st.sampled_from(["absolute", "relative"]))
    mine = person(OURS, ours, ids, is_child=draw(st.booleans()))
    theirs = person(OTHER, others, other_ids, is_child=False)
    gone = draw(st.sets(st.sampled_from(KINDS)))
    found = {url: each for url, each in mine.items() if each["resourceType"] not in gone}
    made = order(ours, ids, how=how, insurance=draw(st.booleans()), contained=draw(st.booleans()))
    entries = [{"fullUrl": url, "resource": each} for url, each in (found | theirs).items()]
    if draw(st.booleans()):
        # What the order names is the other's: a mistake of the sender's.
        wrong = draw(st.sampled_from(["reasonReference", "supportingInfo", "insurance"]))
        type_ = {"reasonReference": "Condition", "supportingInfo": "DocumentReference", "insurance": "Coverage"}[wrong]
        made[wrong] = [{"reference": f"{others}/{type_}/{other_ids}"}]
    entries.append({"fullUrl": f"{ours}/ServiceRequest/{ids}", "resource": made})
    kind = draw(st.sampled_from(["collection", "searchset", "batch"]))
    return {"resourceType": "Bundle", "type": kind, "entry": draw(st.permutations(entries))}


class TestTwoPeople:
    @settings(max_examples=150, deadline=None)
    @given(bundles())
    def test_are_never_mixed(self, document: Document) -> None:
        """Whatever is taken is of one of them alone; what is left out is said by its place, and not by its value."""
        [asked] = orders_of(parcels.opened(as_bytes(document)), NOW, HOME)

        assert isinstance(asked.instruction, Place), asked.flaws
        said = asked.instruction.order.model_dump_json() + json.dumps([flaw.detail for flaw in asked.warnings])

        assert [] == [mark for mark in OTHERS if mark in said]
        assert (f"MR-{OURS}", OURS) == (asked.instruction.order.mrn.value, asked.instruction.order.contact.family)
