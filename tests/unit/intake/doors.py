"""A plain order as an EHR sends it, and what a test changes in it. Everybody in it is invented."""

from collections.abc import Mapping
from typing import Any, Final

Document = dict[str, Any]
HERE: Final = "https://ehr.example/fhir"
NUCC, ICD = "http://nucc.org/provider-taxonomy", "http://hl7.org/fhir/sid/icd-10-cm"
NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"


def typed(code: str, value: str, system: str | None = None, **more: Any) -> Document:
    """An identifier of HL7's table 0203."""
    named = {"system": system} if system else {}
    return {"type": {"coding": [{"system": _TYPES, "code": code}]}, **named, "value": value, **more}


def concept(system: str, code: str, **more: Any) -> Document:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}], **more}


def plain(number: str) -> dict[str, Document]:
    """The plain order's resources by type and id."""
    case = number[:2]
    return {
        "ServiceRequest/sr1": {
            "identifier": [typed("PLAC", f"CASE-{number}", "urn:example:cases")],
            "status": "active",
            "intent": "order",
            "priority": "routine",
            "authoredOn": "2026-11-30T09:00:00-05:00",
            "code": concept("http://snomed.info/sct", "183519002"),
            "performerType": concept(NUCC, "207RC0000X"),
            "subject": {"reference": "Patient/p1"},
            "requester": {"reference": "Practitioner/d1"},
            "reasonCode": [concept(ICD, "I48.91")],
        },
        "Patient/p1": {
            "identifier": [typed("MR", f"MRN-{case}", "urn:example:mrn")],
            "name": [{"use": "official", "family": "Quillon", "given": ["Marigold"]}],
            "birthDate": "1971-03-09",
            "telecom": [{"system": "phone", "use": "mobile", "value": "617-555-0142"}],
            "address": [{"use": "home", "postalCode": "02108", "state": "MA", "country": "US"}],
        },
        "Practitioner/d1": {
            "identifier": [{"system": NPI, "value": "1234567893"}],
            "name": [{"family": "Ordway", "given": ["Otto"]}],
        },
        "Coverage/c1": {
            "status": "active",
            "beneficiary": {"reference": "Patient/p1"},
            "subscriberId": "INV00000001",
            "payor": [{"display": "Medicare"}],
        },
    }


def bundle(found: Mapping[str, Document], kind: str = "collection", **more: Any) -> Document:
    """The Bundle of these resources. A key that is no URL is one of a resource of the EHR's own server."""
    entries = []
    for name, elements in found.items():
        url = name if "://" in name else f"{HERE}/{name}"
        type_, id_ = url.rsplit("/", 2)[1:]
        resource = {"resourceType": type_, "id": id_, **elements}
        entries.append({"fullUrl": url, "resource": {k: v for k, v in resource.items() if v is not None}})
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


def changed(number: str, changes: Mapping[str, Document], **request: Any) -> Document:
    """The plain order with other elements; None leaves one out. `request` is what changes in the ServiceRequest."""
    found = plain(number)
    for name, elements in {"ServiceRequest/sr1": request, **changes}.items():
        found[name] = {**found.get(name, {}), **elements}
    return bundle(found)
