"""An invented order in Throughline's own JSON, as a portal or a form sends it. Pure."""

from typing import Any

from deploy.cli.generate_fhir import ICD, MRN_SYSTEM, NUCC, ORDER_SYSTEM
from deploy.cli.invented import SELF_PAY, Invented


def own_json(order: Invented) -> dict[str, Any]:
    """The document of POST /v1/referrals. What the order lacks, it lacks too."""
    document: dict[str, Any] = {
        "source_system": ORDER_SYSTEM,
        "order_number": order.number,
        "priority": order.priority,
        "authored_at": order.authored_at.isoformat(),
        "service": {"system": NUCC, "code": order.specialty.taxonomy, "text": order.specialty.text},
        "requester": {"npi": order.requester_npi, "name": f"Dr. {order.requester_family}"},
        "patient": _patient(order),
    }
    if order.has_diagnosis:
        diagnosis = {"system": ICD, "code": order.specialty.diagnosis, "text": order.specialty.diagnosis_text}
        document["diagnoses"] = [diagnosis]
    if order.payer == SELF_PAY:
        document["declared_self_pay"] = True
    elif order.payer:
        document["coverage"] = [{"payer_name": order.payer, "member_id": order.member_id}]
    return document


def _patient(order: Invented) -> dict[str, Any]:
    patient = {
        "mrn": {"system": MRN_SYSTEM, "value": f"MRN-{order.number}"},
        "given": order.given,
        "family": order.family,
        "birth_date": order.birth_date.isoformat(),
        "phone": order.phone,
        "email": order.email,
        "language": order.language,
        "postal_code": order.place.postal_code,
    }
    return {name: value for name, value in patient.items() if value is not None}
