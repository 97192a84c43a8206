"""A Bundle with a canary in every element that FHIR R4B gives to the resources that we read, from its own models."""

import re
from collections.abc import Mapping
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic.fields import FieldInfo

from tests.privacy.canaries import BIRTH_DATE, ICD, NPI, PHONE, STEM, ZIP, planted

DEEPEST: Final = 3
"""A Patient's contact's name is as deep as people write."""
LEFT_OUT: Final = {
    "contained": "resources again",
    "extension": "one is put in by hand",
    "modifierExtension": "would change what the resource means",
    "fhir_comments": "not of FHIR",
    "meta": "about the record",
    "id": "names a resource within the Bundle",
    "implicitRules": "would change what the resource means",
    "resourceType": "names the resource",
    "occurrenceDateTime": "the order says a period instead",
    "deceasedDateTime": "an order for somebody who has died is refused",
    "doNotPerform": "an order not to do it is refused",
}
"""Elements that get no canary, and why."""
UNTOLD: Final = ("bool", "int", "Decimal", "time", "bytes")
"""Values that cannot be told from others of their kind."""
ORDER, PATIENT, REQUESTER, HOUSE, ROLE, CONDITION, COVERAGE, LETTER = (f"urn:uuid:{n:032x}" for n in range(8))


def bundle(mark: str) -> dict[str, Any]:
    """One order, and everything that it refers to."""
    resources = {url: {**_filled(type_, mark), **_needed(url, mark), "resourceType": type_} for url, type_ in _TYPES}
    entries = [{"fullUrl": url, "resource": resource} for url, resource in resources.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


_TYPES: Final = (
    (ORDER, "ServiceRequest"),
    (PATIENT, "Patient"),
    (REQUESTER, "Practitioner"),
    (HOUSE, "Organization"),
    (ROLE, "PractitionerRole"),
    (CONDITION, "Condition"),
    (COVERAGE, "Coverage"),
    (LETTER, "DocumentReference"),
)


def _needed(url: str, mark: str) -> dict[str, Any]:
    """What must be so for the order to be taken, and what has a form of its own."""
    period = {"start": "2026-03-02T08:00:00Z", "end": "2026-05-02T08:00:00Z"}
    numbers = [{"system": planted("sys"), "value": planted(f"{mark}number")}]
    by_resource: Mapping[str, dict[str, Any]] = {
        ORDER: {
            "identifier": numbers,
            "status": "active",
            "intent": "order",
            "priority": "urgent",
            "subject": {"reference": PATIENT, "display": planted("subject")},
            "requester": {"reference": ROLE, "display": planted("requester")},
            "authoredOn": "2026-03-02T08:00:00Z",
            "occurrencePeriod": period,
            "insurance": [{"reference": COVERAGE}],
            "supportingInfo": [{"reference": LETTER}],
            "reasonReference": [{"reference": CONDITION}],
            "extension": [{"url": "urn:example:more", "valueString": planted("extension")}],
        },
        PATIENT: {
            "identifier": numbers,
            "name": [{"use": "official", "family": planted("family"), "given": [planted("given")]}],
            "birthDate": BIRTH_DATE.isoformat(),
            "telecom": [
                {"system": "phone", "value": PHONE, "use": "mobile"},
                {"system": "email", "value": f"{STEM}@{STEM}.example"},
            ],
            "address": [{"line": [planted("street")], "city": planted("city"), "postalCode": ZIP}],
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": f"es-{STEM}"}]}}],
        },
        REQUESTER: {"identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": NPI}]},
        ROLE: {"practitioner": {"reference": REQUESTER}, "organization": {"reference": HOUSE}},
        CONDITION: {
            "subject": {"reference": PATIENT},
            "code": {
                "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": ICD, "display": planted("dx")}]
            },
        },
        COVERAGE: {
            "status": "active",
            "beneficiary": {"reference": PATIENT},
            "payor": [{"display": planted("payor")}],
            "subscriberId": planted(f"{mark}member"),
            "period": {"start": "2026-01-01"},
            "order": 1,
        },
        LETTER: {
            "status": "current",
            "subject": {"reference": PATIENT},
            "content": [{"attachment": {"url": f"https://ehr.example/{STEM}"}}],
        },
    }
    return by_resource.get(url, {})


def _filled(type_: str, mark: str, depth: int = 0) -> dict[str, Any]:
    model = get_fhir_model_class(type_)
    found: dict[str, Any] = {}
    chosen: set[str] = set()
    for n, (name, info) in enumerate(model.model_fields.items()):
        choice = choice_of(info)
        if name in LEFT_OUT or name.endswith("__ext") or choice in chosen:
            continue
        value = value_of(info.annotation, f"{mark}{n}", depth)
        if value is not None:
            found[info.alias or name] = value
            chosen |= {choice} - {""}
    return found


def choice_of(info: FieldInfo) -> str:
    """The choice of types that an element is one of: only one of them may be there."""
    extra = info.json_schema_extra
    return str(extra.get("one_of_many", "")) if isinstance(extra, dict) else ""


def value_of(annotation: Any, mark: str, depth: int) -> Any:
    """Something that an element can hold, down to `DEEPEST`, all of it canaries; None for what cannot be told."""
    told = str(annotation)
    if match := re.search(r"abc\.(\w+)Type\b", told):
        inner = _filled(match[1], f"{mark}x", depth + 1) if depth < DEEPEST else {}
        return ([inner] if "List" in told else inner) if inner else None
    if any(re.search(rf"\b{kind}\b", told) for kind in UNTOLD):
        return None
    value = _text(told, mark)
    return [value] if "List" in told else value


def _text(told: str, mark: str) -> str:
    if "datetime.datetime" in told:
        return "2026-03-02T08:00:00Z"
    if "datetime.date" in told:
        return BIRTH_DATE.isoformat()
    return f"urn:{planted(mark)}" if re.search(r"Ur[il]\(|Canonical\(|Oid\(", told) else planted(mark)
