"""Orders as FHIR R4: a Bundle with one ServiceRequest comes in. Below /fhir every refusal is an OperationOutcome."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.intake.api.access import MayReceive, TheService
from services.intake.api.fhir.bundle import open_bundle
from services.intake.api.fhir.order import order_of
from services.intake.api.receiving import Desk, headers_of
from shared.web import Flaw, raw_body

MEDIA_TYPE: Final = "application/fhir+json"
_BUNDLE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "description": "A Bundle of FHIR R4 (https://hl7.org/fhir/R4/bundle.html) with one ServiceRequest.",
                    "required": ["resourceType", "type", "entry"],
                    "properties": {
                        "resourceType": {"const": "Bundle"},
                        "type": {"enum": ["collection", "transaction", "message"]},
                        "entry": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


def routes(desk: Desk) -> APIRouter:
    """The routes below /fhir."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])

    @router.post("/R4", status_code=202, openapi_extra=_BUNDLE)
    async def receive(caller: MayReceive, service: TheService, request: Request) -> JSONResponse:
        """Take in an order. The ServiceRequest in the answer has the referral's id; what is odd is said beside it."""
        opened = open_bundle(await raw_body(request))
        order = order_of(opened, desk.home_zone)
        referral_id, outcome = await desk.receive(order, caller, "fhir", service)
        taken = {"resourceType": "ServiceRequest", "id": referral_id, "status": "active", "intent": "order"}
        warned = {"contained": [_outcome(opened.warnings)]} if opened.warnings else {}
        return JSONResponse({**taken, **warned}, status_code=202, headers=headers_of(outcome), media_type=MEDIA_TYPE)

    return router


def _outcome(warnings: Sequence[Flaw]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "id": "warnings", "issue": [_issue(warning) for warning in warnings]}


def _issue(warning: Flaw) -> dict[str, Any]:
    steps = warning.pointer.strip("/").split("/")
    path = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps).lstrip(".")
    return {
        "severity": "warning",
        "code": "value",
        "details": {"text": warning.code},
        "diagnostics": warning.detail,
        "expression": [path],
    }
