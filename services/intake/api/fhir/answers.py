"""What is answered, as valid FHIR R4: a ServiceRequest with its subject, or a Bundle that answers entry by entry.

Nothing of what was sent comes back: the subject is the reference by which this patient is known here, from which
nothing can be learnt. Warnings stand in `entry.response.outcome` of a Bundle (R4 bundle.html#transaction-response), and
inside a lone ServiceRequest, which refers to them, as what is contained must be referred to (dom-3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from services.intake.api.fhir.bundle import Parcel
from services.intake.api.fhir.order import Asked
from shared.web import Flaw, issues_of

PATIENTS: Final = "urn:throughline:patient"
_WARNINGS: Final = "warnings"
_REPLAYED: Final = Flaw("", "replayed", "was taken in before, and is the same")
"""The value of the header Idempotent-Replayed, for one entry."""


@dataclass(frozen=True)
class Done:
    """The result of one order: a referral, or a refusal with `flaws` and an HTTP `status`."""

    asked: Asked
    status: int = HTTPStatus.ACCEPTED
    referral_id: str = ""
    patient_ref: str = ""
    version: int = 0
    is_repeat: bool = False
    order_status: str = "active"
    flaws: tuple[Flaw, ...] = ()

    @property
    def is_taken(self) -> bool:
        """Whether there is a referral."""
        return not self.flaws


def answer_of(parcel: Parcel, done: Sequence[Done]) -> Mapping[str, Any]:
    """The answer to the whole request. A single order gets an answer of its own, unless entries ask for answers."""
    if parcel.kind == "transaction":
        return _bundle("transaction-response", _in_place(parcel, done))
    if parcel.kind == "batch":
        return _bundle("batch-response", _in_place(parcel, done))
    if len(done) > 1:
        return _bundle("batch-response", [_entry(each) for each in done])
    return _with_warnings(done[0])


def _bundle(type_: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def _in_place(parcel: Parcel, done: Sequence[Done]) -> list[Mapping[str, Any]]:
    """One answer for each entry, in their order (R4 http.html#transaction-response)."""
    by_place = {each.asked.node.pointer: _entry(each) for each in done}
    others = {"response": {"status": _status(HTTPStatus.ACCEPTED)}}
    return [by_place.get(f"/Bundle/entry/{n}/resource", others) for n in range(parcel.entries)]


def _entry(done: Done) -> Mapping[str, Any]:
    again = issues_of("information", [_REPLAYED], "informational") if done.is_repeat else []
    issues = [*issues_of("error", done.flaws), *issues_of("warning", done.asked.warnings), *again]
    response: dict[str, Any] = {"status": _status(done.status)}
    if done.is_taken:
        response["etag"] = f'W/"{done.version}"'
    if issues:
        response["outcome"] = {"resourceType": "OperationOutcome", "issue": issues}
    return {**({"resource": _request(done)} if done.is_taken else {}), "response": response}


def _with_warnings(done: Done) -> Mapping[str, Any]:
    request = _request(done)
    if not done.asked.warnings:
        return request
    issues = issues_of("warning", done.asked.warnings)
    outcome = {"resourceType": "OperationOutcome", "id": _WARNINGS, "issue": issues}
    return {**request, "contained": [outcome], "supportingInfo": [{"reference": f"#{_WARNINGS}"}]}


def _request(done: Done) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": done.referral_id,
        "status": done.order_status,
        "intent": "order",
        "subject": {"type": "Patient", "identifier": {"system": PATIENTS, "value": done.patient_ref}},
    }


def _status(status: int) -> str:
    return f"{int(status)} {HTTPStatus(status).phrase}"
