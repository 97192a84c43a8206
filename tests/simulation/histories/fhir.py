"""An order in FHIR R4, made from one in our own JSON, as far as histories need it: its names, what it replaces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.services.orders import SOURCE

PATIENT, REQUESTER = "urn:uuid:patient", "urn:uuid:requester"
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
Document = dict[str, Any]


@dataclass(frozen=True)
class Name:
    """A number of an order: whose it is, by HL7's table 0203, and what it is."""

    type: str
    value: str

    @property
    def identifier(self) -> Document:
        """As FHIR writes it."""
        return _typed(self.type, SOURCE, self.value)


def bundle(
    order: Mapping[str, Any],
    names: Sequence[Name],
    status: str = "active",
    *,
    replaces: Sequence[Name] = (),
    is_dead: bool = False,
) -> Document:
    """The Bundle of an order and of those in it."""
    request = {
        "resourceType": "ServiceRequest",
        "identifier": [name.identifier for name in names],
        "status": status,
        "intent": "order",
        "priority": order["priority"],
        "authoredOn": order["authored_at"],
        "performerType": {"coding": [order["service"]]},
        "subject": {"reference": PATIENT},
        **({"requester": {"reference": REQUESTER}} if "requester" in order else {}),
        **({"reasonCode": [{"coding": list(order["diagnoses"])}]} if "diagnoses" in order else {}),
        **({"replaces": [{"identifier": name.identifier} for name in replaces]} if replaces else {}),
    }
    others = {PATIENT: _patient(order["patient"], is_dead=is_dead), **_requester(order), **_coverage(order)}
    entries = [{"fullUrl": url, "resource": resource} for url, resource in others.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": request}, *entries]}


def _patient(patient: Mapping[str, Any], *, is_dead: bool) -> Document:
    ways = [{"system": way, "value": patient[way]} for way in ("phone", "email") if way in patient]
    return {
        "resourceType": "Patient",
        "identifier": [_typed("MR", patient["mrn"]["system"], patient["mrn"]["value"])],
        "name": [{"family": patient["family"], "given": [patient["given"]]}],
        "birthDate": patient["birth_date"],
        **({"telecom": ways} if ways else {}),
        **({"deceasedBoolean": True} if is_dead else {}),
    }


def _requester(order: Mapping[str, Any]) -> Mapping[str, Document]:
    if "requester" not in order:
        return {}
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": order["requester"]["npi"]}
    return {REQUESTER: {"resourceType": "Practitioner", "identifier": [npi], "name": [{"family": "Sample"}]}}


def _coverage(order: Mapping[str, Any]) -> Mapping[str, Document]:
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


def _typed(type_: str, system: str, value: str) -> Document:
    return {"type": {"coding": [{"system": _TYPES, "code": type_}]}, "system": system, "value": value}
