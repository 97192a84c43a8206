"""The route that opens an order's wishes for people who choose a provider or a time. It decides nothing.

The only place of this service's API that opens a seal. What it opens may not be kept, logged, or shown by any other
route.
"""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.scheduling.api.access import MayReadWishes
from services.scheduling.domain import Placement
from shared.contracts.sealed import Logistics, Particulars
from shared.errors import NotFound
from shared.service.commands import TheService

PURPOSE: Final = "show_wishes"

router = APIRouter(prefix="/v1/placements/{referral_id}", tags=["placements"])


class Wishes(BaseModel):
    """What the order says of the provider, the place and the visit, in its own words; empty where it says nothing.

    Nothing is booked by it: whoever chooses does what can be done.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    referral_id: str
    wanted_performers: tuple[str, ...]
    """Whom the order would like to see the patient."""
    wanted_locations: tuple[str, ...]
    """Where."""
    details: tuple[str, ...]
    """What qualifies the service."""
    body_sites: tuple[str, ...]
    instructions: str | None
    """What the patient is to follow."""
    postal_code: str | None
    """The ZIP code of the patient's home."""
    mobility: str | None
    availability: str | None


@router.get("/wishes")
async def read(caller: MayReadWishes, service: TheService, referral_id: str) -> Wishes:
    """Open what the order wishes for. Each opening is audited."""
    placement: Placement = (await service.read(referral_id)).state
    if placement.order is None:
        raise NotFound
    if placement.order.wishes is None:
        detail = "The wishes of this order were not kept here. Ask whoever ordered."
        raise NotFound("wishes-not-kept", detail)
    said = service.keyring.open(
        caller.tenant,
        "logistics",
        placement.order.wishes,
        Logistics,
        purpose=PURPOSE,
        actor_kind=caller.actor.kind,
        referral_id=referral_id,
    )
    particulars = said.particulars or Particulars()
    return Wishes(referral_id=referral_id, **said.model_dump(exclude={"particulars"}), **particulars.model_dump())
