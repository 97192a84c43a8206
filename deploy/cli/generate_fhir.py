"""An invented order as an EHR sends it: a FHIR R4 Bundle with one ServiceRequest. Pure."""

from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from deploy.cli.invented import SELF_PAY, Invented

ORDER_SYSTEM: Final = "urn:throughline:demo:orders"
MRN_SYSTEM: Final = "urn:throughline:demo:mrn"
NUCC: Final = "http://nucc.org/provider-taxonomy"
ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED: Final = "http://snomed.info/sct"
_CODES: Final = "http://terminology.hl7.org/CodeSystem"
Resource = dict[str, Any]


def bundle(order: Invented) -> Resource:
    """The Bundle. What the order lacks, it lacks too."""
    parts = {"patient": _patient(order), "requester": _requester(order)}
    if order.has_diagnosis:
        parts["condition"] = _condition(order)
    if order.payer:
        parts["coverage"] = _coverage(order)
    entries = [_entry(order, "request", _service_request(order, parts))]
    entries += [_entry(order, name, resource) for name, resource in parts.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _entry(order: Invented, part: str, resource: Resource) -> Resource:
    return {"fullUrl": _url(order, part), "resource": {**resource, "id": _url(order, part).removeprefix("urn:uuid:")}}


def _url(order: Invented, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{order.number}/{part}')}"


def _service_request(order: Invented, parts: dict[str, Resource]) -> Resource:
    specialty = order.specialty
    placer = {"coding": [{"system": f"{_CODES}/v2-0203", "code": "PLAC"}]}
    request: Resource = {
        "resourceType": "ServiceRequest",
        "identifier": [{"type": placer, "system": ORDER_SYSTEM, "value": order.number}],
        "status": "active",
        "intent": "order",
        "priority": order.priority,
        "code": {
            "coding": [{"system": SNOMED, "code": specialty.service, "display": specialty.text}],
            "text": specialty.text,
        },
        "performerType": {
            "coding": [{"system": NUCC, "code": specialty.taxonomy}],
        },
        "subject": {"reference": _url(order, "patient")},
        "authoredOn": order.authored_at.isoformat(),
        "requester": {"reference": _url(order, "requester")},
    }
    if "condition" in parts:
        request["reasonReference"] = [{"reference": _url(order, "condition")}]
    if "coverage" in parts:
        request["insurance"] = [{"reference": _url(order, "coverage")}]
    return request


def _patient(order: Invented) -> Resource:
    phone = [{"system": "phone", "value": order.phone, "use": "mobile"}] if order.phone else []
    email = [{"system": "email", "value": order.email}] if order.email else []
    record_number = {"coding": [{"system": f"{_CODES}/v2-0203", "code": "MR"}]}
    patient: Resource = {
        "resourceType": "Patient",
        "identifier": [{"type": record_number, "system": MRN_SYSTEM, "value": f"MRN-{order.number}"}],
        "name": [{"use": "official", "family": order.family, "given": [order.given]}],
        "birthDate": order.birth_date.isoformat(),
        "address": [
            {
                "city": order.place.city,
                "state": order.place.state,
                "postalCode": order.place.postal_code,
                "country": "US",
            }
        ],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": order.language}]}}],
    }
    return {**patient, "telecom": phone + email} if phone or email else patient


def _requester(order: Invented) -> Resource:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": order.requester_npi}],
        "name": [{"family": order.requester_family, "prefix": ["Dr."]}],
    }


def _condition(order: Invented) -> Resource:
    coding = {"system": ICD, "code": order.specialty.diagnosis}
    active = {"system": f"{_CODES}/condition-clinical", "code": "active"}
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [active]},
        "code": {"coding": [coding], "text": order.specialty.diagnosis_text},
        "subject": {"reference": _url(order, "patient")},
    }


def _coverage(order: Invented) -> Resource:
    if order.payer == SELF_PAY:
        itself = {"coding": [{"system": f"{_CODES}/coverage-selfpay", "code": "pay"}]}
        payor = [{"reference": _url(order, "patient")}]
        beneficiary = {"reference": _url(order, "patient")}
        return {
            "resourceType": "Coverage",
            "status": "active",
            "type": itself,
            "beneficiary": beneficiary,
            "payor": payor,
        }
    return {
        "resourceType": "Coverage",
        "status": "active",
        "type": {"text": order.payer},
        "subscriberId": order.member_id,
        "beneficiary": {"reference": _url(order, "patient")},
        "payor": [{"display": order.payer}],
    }
