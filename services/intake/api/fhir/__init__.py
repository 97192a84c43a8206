"""Orders as FHIR R4: a Bundle, or a ServiceRequest by itself. Below /fhir every refusal is an OperationOutcome."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.intake.api.access import MayReceive
from services.intake.api.fhir.answers import Done, answer_of
from services.intake.api.fhir.bundle import KINDS, Parcel, opened, refusal, status_of
from services.intake.api.fhir.order import Asked, orders_of
from services.intake.api.fhir.preference import is_strict, refusing_what_is_odd
from services.intake.api.numbers import flaw_of_number
from services.intake.api.receiving import Reception
from services.intake.api.sender import Sender
from shared.errors import Conflict, NotFound
from shared.identity import Caller
from shared.service.commands import TheService
from shared.web import Flaw, Malformed, etag, raw_body

_LARGE_BYTES: Final = 64 * 1024
MEDIA_TYPE: Final = "application/fhir+json"
_READ: Final = re.compile(r"\s*application/(?:fhir\+)?json\s*(?:;.*)?", re.IGNORECASE)
_BUNDLE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "description": "A Bundle of FHIR R4 (https://hl7.org/fhir/R4/bundle.html) with ServiceRequests, "
                    "or a ServiceRequest that contains what it refers to.",
                    "required": ["resourceType"],
                    "properties": {
                        "resourceType": {"enum": ["Bundle", "ServiceRequest"]},
                        "type": {"enum": list(KINDS)},
                        "entry": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}

_ANSWERED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "description": "A ServiceRequest with the referral's id, or a Bundle that answers each entry.",
                    "required": ["resourceType"],
                    "properties": {"resourceType": {"enum": ["ServiceRequest", "Bundle"]}},
                }
            }
        }
    }
}


class FhirResponse(JSONResponse):
    """JSON that says that it is FHIR."""

    media_type = MEDIA_TYPE


def routes(reception: Reception) -> APIRouter:
    """The routes below /fhir."""
    router = APIRouter(prefix="/fhir", tags=["fhir"])

    @router.post("/R4", status_code=202, response_class=FhirResponse, openapi_extra=_BUNDLE, responses=_ANSWERED)
    async def receive(caller: MayReceive, service: TheService, request: Request) -> FhirResponse:
        """Take in orders. The ServiceRequest in the answer has the referral's id; what is odd is said beside it."""
        _require_json(request)
        raw, now, codes = await raw_body(request), service.now(), reception.pathways.codes
        payload = (raw, is_strict(request.headers.getlist("prefer")), now, reception.home_zone, codes)
        # Reading is nothing but work: where it takes long, a thread of its own keeps nobody waiting.
        parcel, found = _read(*payload) if len(raw) < _LARGE_BYTES else await asyncio.to_thread(_read, *payload)
        found = [_under_its_own_number(asked, caller) for asked in found]
        _refuse_if_nothing_can_be_taken(parcel, found)
        sender = Sender(caller, "fhir", service)
        done = [await _carry_out(reception, asked, sender, is_alone=len(found) == 1) for asked in found]
        if not any(each.is_taken for each in done):
            raise refusal(*dict.fromkeys(flaw for each in done for flaw in each.flaws))
        headers = _headers_of(done)
        return FhirResponse(answer_of(parcel, done), status_code=202, headers=headers)

    return router


def _read(raw: bytes, is_strict: bool, *payload: Any) -> tuple[Parcel, Sequence[Asked]]:  # noqa: FBT001 - told as one
    parcel = opened(raw)
    found = orders_of(parcel, *payload)
    return parcel, [refusing_what_is_odd(asked) for asked in found] if is_strict else found


def _under_its_own_number(asked: Asked, caller: Caller) -> Asked:
    """Check that the sender may use the order's number. A refusal says nothing else about the order."""
    number = asked.instruction and asked.instruction.number
    flaw = flaw_of_number(caller, number, f"{asked.node.pointer}/identifier") if number else None
    return Asked(asked.node, None, (), (flaw,)) if flaw else asked


def _require_json(request: Request) -> None:
    if not _READ.fullmatch(request.headers.get("content-type", "")):
        detail = "This door reads FHIR as JSON: send it as application/fhir+json."
        raise Malformed(415, "unsupported_media_type", detail)


def _refuse_if_nothing_can_be_taken(parcel: Parcel, found: Sequence[Asked]) -> None:
    """Apply a transaction completely or not at all; of other Bundles apply the orders that can be applied."""
    flawed = [asked for asked in found if asked.instruction is None]
    if flawed and (parcel.is_one_act or len(flawed) == len(found)):
        raise refusal(*dict.fromkeys(flaw for asked in flawed for flaw in asked.flaws))


async def _carry_out(reception: Reception, asked: Asked, sender: Sender, *, is_alone: bool) -> Done:
    if asked.instruction is None:
        return Done(asked, status_of(asked.flaws[0].code), flaws=asked.flaws)
    try:
        carried = await reception.carry_out(asked.instruction, sender)
    except NotFound:
        # Nothing is known that could be taken back: what speaks against the order is said instead.
        if is_alone:
            raise refusal(*asked.flaws) from None
        return Done(asked, 422, flaws=asked.flaws)
    except Conflict as error:
        if is_alone:
            raise
        return Done(asked, 409, flaws=(Flaw(asked.node.pointer, error.code, error.message),))
    remarks = (Flaw(asked.node.pointer, remark.code, remark.detail) for remark in carried.remarks)
    return Done(
        replace(asked, warnings=(*asked.warnings, *remarks)),
        202,
        carried.referral_id,
        carried.patient_ref,
        carried.outcome.version,
        carried.is_repeat,
        carried.status,
    )


def _headers_of(done: Sequence[Done]) -> dict[str, str]:
    """The version that holds an order, if it became a referral, and whether all of them had been received before."""
    version = {"ETag": etag(done[0].version)} if len(done) == 1 else {}
    return {**version, "Idempotent-Replayed": "true"} if all(each.is_repeat for each in done) else version
