"""A referral's groups of patient data, opened at a door at the moment of use, and never kept."""

from typing import Any

from services.intake.domain import Referral
from services.intake.domain.content import MODELS
from shared.contracts.language import Audience
from shared.identity import Caller
from shared.service import Service


def open_group(referral: Referral, audience: Audience, caller: Caller, service: Service, purpose: str) -> Any:
    """The content of a group, empty where nothing was sealed for it. The opening is audited with its `purpose`."""
    if audience not in referral.seals:
        return MODELS[audience]()
    return service.keyring.open(
        caller.tenant,
        audience,
        referral.seals[audience],
        MODELS[audience],
        purpose=purpose,
        actor_kind=caller.actor.kind,
        referral_id=referral.referral_id,
    )
