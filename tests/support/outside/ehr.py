"""What an EHR says of an order in our own JSON: the same changed, what it lacked, and all of it again in FHIR R4."""

from collections.abc import Mapping, Sequence
from typing import Any

PATIENT, REQUESTER = "urn:uuid:patient", "urn:uuid:requester"
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
Document = dict[str, Any]
Order = Mapping[str, Any]
Identifier = Mapping[str, Any]
SUPPLIES: Mapping[str, Any] = {
    "diagnosis": "E11.9",
    "coverage": {"payer_name": "Alder Valley", "member_id": "M-77"},
    "requester": "1234567893",
    "service": "a consultation",
    "records": "in the archive",
    "birth_date": "1970-01-01",
    "name": {"given": "Sam", "family": "Canarysample"},
}
"""What is supplied per code, but a telephone number."""


def same(order: Order) -> Order:
    """It again, written otherwise."""
    return {**order, "patient": {**order["patient"], "family": order["patient"]["family"].upper()}}


def changed(order: Order) -> Order:
    """It again, more or less pressing."""
    return {**order, "priority": "asap" if order["priority"] == "urgent" else "urgent"}


def completed(order: Order) -> Order:
    """It again, with all that it may have lacked."""
    lacked: dict[str, Any] = {
        "diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": SUPPLIES["diagnosis"]}],
        "requester": {"npi": SUPPLIES["requester"]},
    }
    if not order.get("declared_self_pay"):
        lacked["coverage"] = [SUPPLIES["coverage"]]
    return {**lacked, **order, "patient": {"phone": "+12025550123", **order["patient"]}}


def typed(type_: str, system: str, value: str) -> Document:
    """An identifier of HL7's table 0203."""
    return {"type": {"coding": [{"system": _TYPES, "code": type_}]}, "system": system, "value": value}


def number_of(order: Order, member: str = "order_number") -> Identifier:
    """The order's number, or that of the one that it replaces, without a type."""
    return {"system": order["source_system"], "value": order[member]}


def word_of(order: Order, status: str, **patient: Any) -> Document:
    """A word about an order that was placed: nothing but its number, its status, and what is said of its patient."""
    return _bundle(_request([number_of(order)], status), {PATIENT: {"resourceType": "Patient", **patient}})


def bundle(
    order: Order,
    identifiers: Sequence[Identifier],
    status: str = "active",
    *,
    replaces: Sequence[Identifier] = (),
    **patient: Any,
) -> Document:
    """The Bundle of an order and of those in it."""
    request = {
        **_request(identifiers, status),
        "priority": order["priority"],
        "authoredOn": order["authored_at"],
        "performerType": {"coding": [order["service"]]},
        **({"requester": {"reference": REQUESTER}} if "requester" in order else {}),
        **({"reasonCode": [{"coding": list(order["diagnoses"])}]} if "diagnoses" in order else {}),
        **({"replaces": [{"identifier": identifier} for identifier in replaces]} if replaces else {}),
    }
    others = {PATIENT: {**_patient(order["patient"]), **patient}, **_requester(order), **_coverage(order)}
    return _bundle(request, others)


def _bundle(request: Document, others: Mapping[str, Document]) -> Document:
    entries = [{"fullUrl": url, "resource": resource} for url, resource in others.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": request}, *entries]}


def _request(identifiers: Sequence[Identifier], status: str) -> Document:
    return {
        "resourceType": "ServiceRequest",
        "identifier": list(identifiers),
        "status": status,
        "intent": "order",
        "subject": {"reference": PATIENT},
    }


def _patient(patient: Mapping[str, Any]) -> Document:
    ways = [{"system": way, "value": patient[way]} for way in ("phone", "email") if way in patient]
    return {
        "resourceType": "Patient",
        "identifier": [typed("MR", patient["mrn"]["system"], patient["mrn"]["value"])],
        "name": [{"family": patient["family"], "given": [patient["given"]]}],
        "birthDate": patient["birth_date"],
        **({"telecom": ways} if ways else {}),
    }


def _requester(order: Order) -> Mapping[str, Document]:
    if "requester" not in order:
        return {}
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": order["requester"]["npi"]}
    return {REQUESTER: {"resourceType": "Practitioner", "identifier": [npi], "name": [{"family": "Sample"}]}}


def _coverage(order: Order) -> Mapping[str, Document]:
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
