"""Visits: booked at a time that somebody names, cancelled, confirmed, and what became of them."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.scheduling.api.access import MayBook, MayCancel, MayConfirm, MayRecord, providers_of
from services.scheduling.api.providers import listed
from services.scheduling.domain import (
    BookVisit,
    CancelVisit,
    ConfirmAppointment,
    Directory,
    Placement,
    RecordOutcome,
    slot_at,
)
from shared.contracts.scheduling import BookedBy
from shared.errors import Rejected
from shared.service.commands import (
    CONTRACT,
    Accepted,
    Id,
    Key,
    KeyIfAny,
    ReasonIn,
    Seen,
    TheService,
    attribution,
    envelope_of,
    submit,
)
from shared.web import body

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Beyond, there may be no such time at the site, or no day after it."""


class BookingIn(BaseModel):
    """A time that somebody names, at the provider chosen last unless one is named."""

    model_config = CONTRACT

    start: Annotated[AwareDatetime, Field(strict=False, ge=_FIRST, lt=_LAST)]
    booked_by: BookedBy
    provider_ref: Id | None = None
    site_ref: Id | None = None


class CancellationIn(BaseModel):
    """A visit that shall not take place."""

    model_config = CONTRACT

    visit_id: Id
    reason: ReasonIn


class OutcomeIn(BaseModel):
    """What became of a visit. `evidence_ref` is the caller's own reference to what proves it."""

    model_config = CONTRACT

    visit_id: Id
    outcome: Literal["fulfilled", "missed"]
    evidence_ref: Id


class AppointmentIn(BaseModel):
    """A visit of which its office knows what is to become."""

    model_config = CONTRACT

    visit_id: Id


router = APIRouter(prefix="/v1/placements/{referral_id}", tags=["placements"])


def routes(directory: Directory) -> APIRouter:
    """The route that needs the directory."""
    booking = APIRouter(prefix="/v1/placements/{referral_id}", tags=["placements"])

    @booking.post("/booking", status_code=202)
    async def book(
        caller: MayBook,
        service: TheService,
        referral_id: str,
        key: Key,
        seen: Seen,
        payload: Annotated[BookingIn, body(BookingIn)],
        response: Response,
    ) -> Accepted:
        """Try to book this time. Whether it holds is told afterwards; a visit that it moves stands until then."""
        choices = (await service.read(referral_id)).state.choices
        provider_ref = payload.provider_ref or (choices[-1].provider_ref if choices else None)
        if provider_ref is None:
            raise Rejected("provider-not-chosen", "Choose a provider first.")
        provider = listed(directory, provider_ref, payload.site_ref, providers_of(caller))
        slot = slot_at(provider, directory.site_of(provider), payload.start)
        command = BookVisit(**attribution(caller, service), slot=slot, booked_by=payload.booked_by)
        return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)

    return booking


@router.post("/visit-cancellation", status_code=202)
async def cancel(
    caller: MayCancel,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    seen: Seen,
    payload: Annotated[CancellationIn, body(CancellationIn)],
    response: Response,
) -> Accepted:
    """Cancel a visit that lies ahead. Another is sought, unless the patient will not come."""
    command = CancelVisit(
        **attribution(caller, service),
        visit_id=payload.visit_id,
        providers=providers_of(caller),
        reason=payload.reason.reason,
    )
    return await submit(service, envelope_of(referral_id, command, caller, key, payload.visit_id, seen=seen), response)


@router.post("/outcome", status_code=202)
async def record_outcome(
    caller: MayRecord,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    seen: Seen,
    payload: Annotated[OutcomeIn, body(OutcomeIn)],
    response: Response,
) -> Accepted:
    """Record what became of a visit."""
    command = RecordOutcome(
        **attribution(caller, service),
        visit_id=payload.visit_id,
        providers=providers_of(caller),
        outcome=payload.outcome,
    )
    envelope = envelope_of(
        referral_id, command, caller, key, payload.visit_id, payload.outcome, payload.evidence_ref, seen=seen
    )
    return await submit(service, envelope, response)


@router.post("/appointment", status_code=202)
async def confirm(
    caller: MayConfirm,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    seen: Seen,
    payload: Annotated[AppointmentIn, body(AppointmentIn)],
    response: Response,
) -> Accepted:
    """Say that the office knows of the visit, or that it is not to be, after a program could not make sure."""
    command = ConfirmAppointment(**attribution(caller, service), visit_id=payload.visit_id)
    placement: Placement = (await service.read(referral_id)).state
    # A visit that was confirmed may have to be called off, which is not the same said twice.
    fates = [visit.fate for visit in placement.visits if visit.visit_id == payload.visit_id]
    return await submit(
        service, envelope_of(referral_id, command, caller, key, payload.visit_id, *fates, seen=seen), response
    )
