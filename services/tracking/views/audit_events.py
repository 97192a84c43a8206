"""Access records as FHIR R4 AuditEvents, with what IHE's Basic Audit Log Patterns require of each.

Pure. Only the mapping is here: which records, and who may see them, is said elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.tracking.views.access_records import ShownAccess

Resource = dict[str, Any]
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_OUR: Final = "urn:throughline"
_OUTCOMES: Final[Mapping[str, str]] = {"allowed": "0", "denied": "4", "failed": "8"}
"""audit-event-outcome: success, minor failure (turned away), serious failure."""
_READS: Final = frozenset({"GET", "HEAD", "ask"})
_CALL_ACTIONS: Final[Mapping[str, str]] = {"send": "C", "ask": "R", "withdraw": "D"}


def bundle(records: Sequence[ShownAccess], self_url: str, next_url: str | None) -> Resource:
    """A searchset of AuditEvents."""
    links = [{"relation": "self", "url": self_url}, *([{"relation": "next", "url": next_url}] if next_url else [])]
    entries = [{"resource": audit_event(record), "search": {"mode": "match"}} for record in records]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, **({"entry": entries} if entries else {})}


def audit_event(record: ShownAccess) -> Resource:
    """One record."""
    action = _action(record)
    event: Resource = {
        "resourceType": "AuditEvent",
        "id": record.id.replace(":", "."),
        "type": _type(record),
        "action": action,
        "recorded": record.at.isoformat(),
        "outcome": _OUTCOMES.get(record.outcome, "8"),
        "agent": [_asking(record), _serving(record)],
        "source": {
            "observer": {"display": f"throughline-{record.service}"},
            "type": [_coding(_SOURCE_TYPE, "4", "Application Server")],
        },
    }
    if record.kind != "opening":
        event["subtype"] = [_coding(_INTERACTION, "read" if action == "R" else "operation")]
    if record.purpose:
        event["purposeOfEvent"] = [{"coding": [_coding(f"{_OUR}:purpose", record.purpose)]}]
    if entities := _entities(record):
        event["entity"] = entities
    return event


def _type(record: ShownAccess) -> Resource:
    if record.route in ("/login/callback", "/logout") or record.kind == "refusals":
        return _coding(_DICOM, "110114", "User Authentication")
    if record.kind == "call":
        return _coding(_DICOM, "110106", "Export")
    return _coding(_TYPES, "rest", "RESTful Operation")


def _action(record: ShownAccess) -> str:
    if record.kind == "call":
        return _CALL_ACTIONS.get(record.method, "E")
    return "R" if record.method in _READS or record.kind == "opening" else "E"


def _asking(record: ShownAccess) -> Resource:
    """Who asked: the person or program, from where, in which roles."""
    agent: Resource = {
        "type": {"coding": [_coding(_DICOM, "110153", "Source Role ID")]},
        "who": _who(f"{_OUR}:subject", record.subject or "unknown"),
        "requestor": record.kind != "call",
    }
    if record.roles:
        agent["role"] = [{"coding": [_coding(f"{_OUR}:role", role)]} for role in record.roles]
    if record.client:
        agent["altId"] = record.client
    if record.address:
        agent["network"] = {"address": record.address, "type": "2"}
    return agent


def _serving(record: ShownAccess) -> Resource:
    """Who answered, or was sent something."""
    who = (
        _who(f"{_OUR}:recipient", record.recipient)
        if record.recipient
        else {"display": f"throughline-{record.service}"}
    )
    return {"type": {"coding": [_coding(_DICOM, "110152", "Destination Role ID")]}, "who": who, "requestor": False}


def _entities(record: ShownAccess) -> list[Resource]:
    found: list[Resource] = []
    if record.patient_ref:
        patient = {"type": "Patient", "identifier": {"system": f"{_OUR}:patient", "value": record.patient_ref}}
        role = _coding(_OBJECT_ROLE, "1", "Patient")
        found.append({"what": patient, "type": _coding(_ENTITY_TYPE, "1", "Person"), "role": role})
    found += [_referral(record, referral_id) for referral_id in record.referrals]
    if record.request_id:
        transaction = {"identifier": {"value": record.request_id}}
        found.append({"what": transaction, "type": _coding(_BALP, "XrequestId")})
    return found


def _referral(record: ShownAccess, referral_id: str) -> Resource:
    entity: Resource = {
        "what": {"type": "ServiceRequest", "identifier": {"system": f"{_OUR}:referral", "value": referral_id}},
        "type": _coding(_ENTITY_TYPE, "2", "System Object"),
        "role": _coding(_OBJECT_ROLE, "4", "Domain Resource"),
    }
    seals = sorted({(seal.audience, seal.purpose) for seal in record.opened if seal.referral_id == referral_id})
    details = [{"type": "opened", "valueString": f"{audience}, {purpose}"} for audience, purpose in seals]
    if record.route:
        details.append({"type": "route", "valueString": f"{record.method} {record.route}"})
    return {**entity, **({"detail": details} if details else {})}


def _who(system: str, value: str) -> Resource:
    return {"identifier": {"system": system, "value": value}}


def _coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code, **({"display": display} if display else {})}
