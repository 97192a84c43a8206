"""What the EHR says in FHIR R4: a word about an order, and an order whole that takes the place of another."""

from collections.abc import Mapping
from typing import Any

PATIENT, REQUESTER = "urn:uuid:patient", "urn:uuid:requester"
MRN = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
Order = Mapping[str, Any]
Resource = Mapping[str, Any]


def word_of(order: Order, status: str, **patient: Any) -> Resource:
    """A word about an order that was placed: nothing but its number, its status, and what is said of its patient."""
    return _bundle(_request(order, status), {PATIENT: {"resourceType": "Patient", **patient}})


def bundle(order: Order) -> Resource:
    """An order with all that it has, in place of another."""
    request = {
        **_request(order, "active"),
        "priority": order["priority"],
        "authoredOn": order["authored_at"],
        "performerType": {"coding": [order["service"]]},
        "reasonCode": [{"coding": [diagnosis]} for diagnosis in order.get("diagnoses", ())] or None,
        "requester": {"reference": REQUESTER} if "requester" in order else None,
        "replaces": [{"identifier": {"system": order["source_system"], "value": order["replaces"]}}],
    }
    others = {PATIENT: _patient(order["patient"]), **_requester(order), **_coverage(order)}
    return _bundle({name: value for name, value in request.items() if value}, others)


def _bundle(request: Resource, others: Mapping[str, Resource]) -> Resource:
    entries = [{"fullUrl": url, "resource": resource} for url, resource in others.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": request}, *entries]}


def _request(order: Order, status: str) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "identifier": [_number(order)],
        "status": status,
        "intent": "order",
        "subject": {"reference": PATIENT},
    }


def _number(order: Order) -> Mapping[str, str]:
    return {"system": order["source_system"], "value": order["order_number"]}


def _patient(patient: Mapping[str, Any]) -> Resource:
    ways = [{"system": way, "value": patient[way]} for way in ("phone", "email") if way in patient]
    return {
        "resourceType": "Patient",
        "identifier": [{"type": MRN, **patient["mrn"]}],
        "name": [{"family": patient["family"], "given": [patient["given"]]}],
        "birthDate": patient["birth_date"],
        **({"telecom": ways} if ways else {}),
    }


def _requester(order: Order) -> Mapping[str, Resource]:
    if "requester" not in order:
        return {}
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": order["requester"]["npi"]}
    return {REQUESTER: {"resourceType": "Practitioner", "identifier": [npi], "name": [{"family": "Sample"}]}}


def _coverage(order: Order) -> Mapping[str, Resource]:
    return {
        f"urn:uuid:coverage-{n}": {
            "resourceType": "Coverage",
            "status": "active",
            "beneficiary": {"reference": PATIENT},
            "subscriberId": policy["member_id"],
            "payor": [{"display": policy["payer_name"]}],
        }
        for n, policy in enumerate(order.get("coverage", ()))
    }
