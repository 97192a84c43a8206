"""One invented order, as an EHR's FHIR Bundle and in our own JSON: the same order by either door."""

import json
from typing import Any

PATIENT, REQUESTER, CONDITION, COVERAGE, ORDER = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in range(5))
ORDERS, RECORDS = "urn:example:orders", "urn:example:mrn"
NUCC, ICD = "http://nucc.org/provider-taxonomy", "http://hl7.org/fhir/sid/icd-10-cm"
NAMES = ("Zephyrine", "Quillfeather", "MRN-7001", "ORD-4001", "zephyrine@example.com", "INV00000001", "I48.91")
"""What may never be seen outside a seal."""

Document = dict[str, Any]


def own(**changes: Any) -> Document:
    """In our own JSON; None leaves a member out."""
    order: Document = {
        "source_system": ORDERS,
        "order_number": "ORD-4001",
        "priority": "urgent",
        "authored_at": "2026-04-06T10:00:00-04:00",
        "service": {"system": NUCC, "code": "207RC0000X", "text": "Referral to cardiology service"},
        "requester": {"npi": "1234567893", "name": "Dr. Orderly"},
        "patient": {
            "mrn": {"system": RECORDS, "value": "MRN-7001"},
            "given": "Zephyrine",
            "family": "Quillfeather",
            "birth_date": "1971-02-03",
            "phone": "(617) 555-0101",
            "email": "zephyrine@example.com",
            "language": "es",
            "postal_code": "80202",
        },
        "diagnoses": [{"system": ICD, "code": "I48.91", "text": "Atrial fibrillation"}],
        "notes": ["Palpitations since spring."],
        "coverage": [{"payer_name": "Testshield Mutual", "member_id": "INV00000001"}],
    }
    return {name: value for name, value in {**order, **changes}.items() if value is not None}


def resources() -> dict[str, Document]:
    """The Bundle's resources by full URL; a test changes what it is about."""
    return {
        ORDER: {
            "resourceType": "ServiceRequest",
            "identifier": [{"type": _coded("v2-0203", "PLAC"), "system": ORDERS, "value": "ORD-4001"}],
            "status": "active",
            "intent": "order",
            "priority": "urgent",
            "code": {
                "coding": [{"system": "http://snomed.info/sct", "code": "183519002"}],
                "text": "Referral to cardiology service",
            },
            "performerType": {"coding": [{"system": NUCC, "code": "207RC0000X"}]},
            "subject": {"reference": PATIENT},
            "authoredOn": "2026-04-06T14:00:00Z",
            "requester": {"reference": REQUESTER},
            "reasonReference": [{"reference": CONDITION}],
            "insurance": [{"reference": COVERAGE}],
            "note": [{"text": "Palpitations since spring."}],
        },
        PATIENT: {
            "resourceType": "Patient",
            "identifier": [
                {"system": "urn:example:ssn", "value": "000-00-0000"},
                {"type": _coded("v2-0203", "MR"), "system": RECORDS, "value": "MRN-7001"},
            ],
            "name": [
                {"use": "maiden", "family": "Elsewise"},
                {"use": "official", "family": "Quillfeather", "given": ["Zephyrine"]},
            ],
            "birthDate": "1971-02-03",
            "telecom": [
                {"system": "phone", "value": "617-555-0199", "use": "old"},
                {"system": "phone", "value": "617-555-0101", "use": "mobile"},
                {"system": "email", "value": "zephyrine@example.com"},
            ],
            "address": [{"postalCode": "80202-1234"}],
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}}],
        },
        REQUESTER: {
            "resourceType": "Practitioner",
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
            "name": [{"family": "Orderly", "given": ["Otto"]}],
        },
        CONDITION: {
            "resourceType": "Condition",
            "code": {"coding": [{"system": ICD, "code": "I48.91"}], "text": "Atrial fibrillation"},
            "subject": {"reference": PATIENT},
        },
        COVERAGE: {
            "resourceType": "Coverage",
            "status": "active",
            "subscriberId": "INV00000001",
            "beneficiary": {"reference": PATIENT},
            "payor": [{"display": "Testshield Mutual"}],
        },
    }


def bundle(found: dict[str, Document] | None = None, type_: str = "collection", **order: Any) -> Document:
    """The Bundle of these resources; `order` changes the ServiceRequest, and None leaves an element out."""
    found = found or resources()
    request = {**found[ORDER], **order}
    found[ORDER] = {name: value for name, value in request.items() if value is not None}
    entries = [{"fullUrl": url, "resource": resource} for url, resource in found.items()]
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def as_bytes(document: object) -> bytes:
    """As it is sent."""
    return json.dumps(document).encode()


def _coded(table: str, code: str) -> Document:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{table}", "code": code}]}
