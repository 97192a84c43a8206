"""Answers to requests for information: patient data that is sealed here, before anything is decided."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.intake.api.access import MaySupply
from services.intake.api.items import CHANGES, AnyItem
from services.intake.api.keyed import Keyed
from services.intake.api.opening import open_group, seal_groups
from services.intake.domain import Referral, SupplyInformation
from services.intake.views import referral_of
from shared.contracts.language import Audience
from shared.errors import Busy, Stale
from shared.identity import Caller
from shared.service import Service
from shared.service.commands import CONTRACT, Accepted, Id, KeyIfAny, TheService, attribution, envelope_of, submit
from shared.web import body

ATTEMPTS: Final = 5

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


class InformationIn(BaseModel):
    """An answer to a request for information, whole or in part."""

    model_config = CONTRACT

    request_id: Id
    items: Annotated[tuple[AnyItem, ...], Field(min_length=1, max_length=20, strict=False)]


@router.post("/information", status_code=202)
async def supply(
    caller: MaySupply,
    service: TheService,
    referral_id: str,
    key: KeyIfAny,
    payload: Annotated[InformationIn, body(InformationIn)],
    response: Response,
) -> Accepted:
    """Take what is still missing. What is not missing any more changes nothing."""
    fingerprint = service.keyring.fingerprints(caller.tenant, payload.model_dump_json().encode())[0]
    for _ in range(ATTEMPTS):
        document = await service.read(referral_id)
        command = _command(referral_of(document), payload, caller, service)
        envelope = envelope_of(referral_id, command, caller, key, fingerprint)
        try:
            return await submit(service, envelope, response)
        except Stale:
            continue  # the new seals were made of seals that are not the newest any more
    raise Busy


def _command(referral: Referral, payload: InformationIn, caller: Caller, service: Service) -> SupplyInformation:
    missing = [item for item in payload.items if item.code in referral.missing]
    changed = _changed(referral, missing, caller, service)
    keyed = Keyed(service.keyring, caller.tenant)
    clinical, coverage = changed.get("clinical"), changed.get("coverage")
    return SupplyInformation(
        **attribution(caller, service),
        request_id=payload.request_id,
        based_on=len(referral.requests),
        items=tuple(dict.fromkeys(item.code for item in missing)),
        seals=seal_groups(changed, referral.referral_id, service.keyring),
        requester_ref=keyed.requester(clinical.requester) if clinical else None,
        organization_ref=keyed.organization(clinical.requester) if clinical else None,
        network_ref=keyed.network(coverage.policies) if coverage else None,
    )


def _changed(referral: Referral, items: Sequence[Any], caller: Caller, service: Service) -> dict[Audience, Any]:
    """The supplied data, by the group of patient data to which it belongs."""
    opened: dict[Audience, Any] = {}
    for item in items:
        audience, change = CHANGES[item.code]
        content = opened.get(audience) or open_group(referral, audience, caller, service, "supply_information")
        opened[audience] = change(content, item.value)
    return opened
