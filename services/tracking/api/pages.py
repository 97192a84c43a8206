"""The console's pages: the worklist, one referral, all referrals. Forms work without scripts."""

import re
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from services.tracking.api.access import MayAssign, MayNote, MayRead, MayRelease, is_lead, may
from services.tracking.api.console import ASSETS, MEDIA_TYPES, render
from services.tracking.api.referrals import Summaries, read_referral, read_summary, timeline_of
from services.tracking.api.worklist import Asked, reader
from services.tracking.domain import AddNote, AssignReferral, NoteCode, ReleaseReferral
from services.tracking.views.sections import by_day, matrix, outcomes, sections
from services.tracking.views.worklist import WORD, Filters
from shared.contracts.language import Command
from shared.errors import Rejected
from shared.identity import Caller, Role
from shared.service import Service
from shared.service.commands import TheService, attribution, envelope_of

OPEN_PATHS: Final = frozenset({"/static/{name}"})
_OWN_LIST: Final = {
    Role.COORDINATOR: "coordinator",
    Role.NURSE: "nurse",
    Role.CLINICIAN: "clinician",
    Role.OPERATOR: "operator",
}
_WORD: Final = re.compile(WORD)
_FOR_EVER: Final = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


class Pressed(BaseModel):
    """A button of ours: on which version of the referral, and on which list the reader wants to go on."""

    version: int = Field(ge=0)
    back: str = Field(default="", max_length=2000)


class NotePressed(Pressed):
    """The form of a note."""

    code: NoteCode


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A file that pages need; holds nothing about anybody."""
    content = ASSETS.get(name)
    if content is None:
        return Response(status_code=404)
    return Response(content, media_type=MEDIA_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": _FOR_EVER})


@router.get("/")
async def worklist(
    request: Request, caller: MayRead, service: TheService, asked: Annotated[Asked, Query()]
) -> Response:
    """The worklist. Without a choice in the address, people see what waits for their own role."""
    if not request.url.query:
        return RedirectResponse(_own_list(caller), status_code=303)
    found = reader(caller, service)
    page = await found.page(asked, asked.cursor, asked.limit)
    return render(
        request,
        "worklist.html",
        **_frame(caller, service, "worklist"),
        asked=asked,
        page=page,
        sections=sections(page, asked.sort),
        counts=await found.counts(asked.owner),
        link=_links(asked),
        may_claim=may(caller, "claim"),
        back=request.url.query,
    )


@router.get("/overview")
async def overview(request: Request, caller: MayRead, service: TheService, summaries: Summaries) -> Response:
    """How all referrals stand."""
    found = await read_summary(caller, service, summaries)
    return render(
        request,
        "overview.html",
        **_frame(caller, service, "overview"),
        summary=found,
        matrix=matrix(found),
        outcomes=outcomes(found),
        link=_links(Filters()),
    )


@router.get("/referrals/{referral_id}")
async def referral(request: Request, caller: MayRead, service: TheService, referral_id: str) -> Response:
    """One referral and its timeline."""
    return await _referral_page(request, caller, service, referral_id)


@router.post("/referrals/{referral_id}/claim")
async def claim(
    request: Request, caller: MayAssign, service: TheService, referral_id: str, pressed: Annotated[Pressed, Form()]
) -> Response:
    """Take it on, and go on with the list."""
    command = AssignReferral(**attribution(caller, service, "console"))
    return await _done(request, caller, service, referral_id, command, pressed)


@router.post("/referrals/{referral_id}/release")
async def release(
    request: Request, caller: MayRelease, service: TheService, referral_id: str, pressed: Annotated[Pressed, Form()]
) -> Response:
    """Give it back, and go on with the list."""
    command = ReleaseReferral(**attribution(caller, service, "console"), by_lead=is_lead(caller))
    return await _done(request, caller, service, referral_id, command, pressed)


@router.post("/referrals/{referral_id}/note")
async def note(
    request: Request, caller: MayNote, service: TheService, referral_id: str, pressed: Annotated[NotePressed, Form()]
) -> Response:
    """Write down what was done."""
    command = AddNote(**attribution(caller, service, "console"), code=pressed.code)
    return await _done(request, caller, service, referral_id, command, pressed)


async def _done(
    request: Request, caller: Caller, service: Service, referral_id: str, command: Command, pressed: Pressed
) -> Response:
    """Do it once for each version that was looked at: a second click on the same button is the same command."""
    try:
        await service.execute(
            envelope_of(referral_id, command, caller, None, caller.subject, pressed.model_dump_json())
        )
    except Rejected as refusal:
        return await _referral_page(request, caller, service, referral_id, status=409, refusal=refusal.message)
    kept = urlencode([(name, value) for name, value in parse_qsl(pressed.back) if _is_of_a_list(name, value)])
    return RedirectResponse(f"/?{kept}" if kept else f"/referrals/{referral_id}", status_code=303)


def _is_of_a_list(name: str, value: str) -> bool:
    """Whether the address of a list has this part; what else a form may say goes into no address."""
    return name in Asked.model_fields and (name == "cursor" or _WORD.fullmatch(value) is not None)


async def _referral_page(
    request: Request, caller: Caller, service: Service, referral_id: str, *, status: int = 200, refusal: str = ""
) -> Response:
    facts = await timeline_of(caller, service, referral_id)
    timeline = await facts.page(request.query_params.get("before"), is_from_the_end=True)
    return render(
        request,
        "referral.html",
        status=status,
        **_frame(caller, service, "worklist"),
        referral=await read_referral(caller, service, referral_id),
        timeline=timeline,
        days=by_day(timeline),
        refusal=refusal,
    )


def _frame(caller: Caller, service: Service, here: str) -> dict[str, Any]:
    """The content of the frame around every page."""
    return {"caller": caller, "now": service.now(), "here": here}


def _own_list(caller: Caller) -> str:
    own = [owner for role, owner in _OWN_LIST.items() if role in caller.roles]
    return f"/?{urlencode([('owner', owner) for owner in own] or [('sort', 'due_at')])}"


def _links(filters: Filters) -> Any:
    """Addresses of lists that differ from this one; the order is always named, so that no address is empty."""

    def link(**changes: Any) -> str:
        asked = filters.model_copy(update=changes).model_dump(include=set(Filters.model_fields))
        chosen = {name: str(value).lower() if value is True else value for name, value in asked.items() if value}
        return f"/?{urlencode(chosen, doseq=True)}"

    return link
