"""The privacy officer's route and page: who looked at what. It is on record itself, as every answer is."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from services.tracking.api.access import MayReview
from services.tracking.api.console import render
from services.tracking.views.access_records import Accesses, Sought, accesses
from services.tracking.views.audit_events import bundle
from shared import audit
from shared.errors import Unavailable
from shared.identity import Caller
from shared.service import Service
from shared.service.commands import TheService

FHIR: Final = "application/fhir+json"
_BUNDLE: Final = {
    "type": "object",
    "description": "A searchset Bundle of AuditEvents of FHIR R4 (https://hl7.org/fhir/R4/auditevent.html).",
    "required": ["resourceType", "type"],
    "properties": {"resourceType": {"const": "Bundle"}, "type": {"const": "searchset"}},
}

router = APIRouter(prefix="/v1/access", tags=["access"])
pages = APIRouter(include_in_schema=False)


@router.get("", response_model=Accesses, responses={200: {"content": {FHIR: {"schema": _BUNDLE}}}})
async def read(
    request: Request, caller: MayReview, service: TheService, sought: Annotated[Sought, Query()]
) -> Accesses | Response:
    """Who looked at what, newest first, by referral, patient, person or day; as AuditEvents where FHIR is asked for."""
    found = await read_accesses(caller, service, sought)
    if FHIR not in request.headers.get("accept", ""):
        return found
    more = _url(sought.model_copy(update={"cursor": found.next})) if found.next else None
    return JSONResponse(bundle(found.records, _url(sought), more), media_type=FHIR)


@pages.get("/access")
async def page(
    request: Request, caller: MayReview, service: TheService, sought: Annotated[Sought, Query()]
) -> Response:
    """Who looked at what, for people."""
    found = await read_accesses(caller, service, sought)
    more = _url(sought.model_copy(update={"cursor": found.next}), "/access") if found.next else None
    frame: dict[str, Any] = {"caller": caller, "now": service.now(), "here": "access"}
    return render(request, "access.html", **frame, sought=sought, page=found, more=more)


async def read_accesses(caller: Caller, service: Service, sought: Sought) -> Accesses:
    """The page, for the caller's tenant. Raises Unreadable, Unavailable."""
    audit.about(sought.referral_id or "", sought.patient_ref or "")
    if service.recorder is None:
        raise Unavailable
    return await accesses(service.recorder.rows, caller.tenant, sought)


def _url(sought: Sought, path: str = "/v1/access") -> str:
    """The address of a page, without the host, which a proxy may have changed."""
    return f"{path}?{urlencode(sought.model_dump(mode='json', exclude_none=True))}"
