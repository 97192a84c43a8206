"""Seals and opens the groups of a referral's patient data: opened at the moment of use, never kept."""

from collections.abc import Mapping
from typing import Any

from services.intake.domain import Referral
from services.intake.domain.content import MODELS
from shared.contracts.language import Audience, tenant_of
from shared.contracts.sealed import Content
from shared.identity import Caller
from shared.sealing import Keyring
from shared.service import Service


def seal_groups(groups: Mapping[Audience, Content], referral_id: str, keyring: Keyring) -> dict[Audience, str]:
    """Each group under the key of its audience, for this referral."""
    tenant = tenant_of(referral_id)
    return {
        audience: keyring.seal(tenant, audience, content, referral_id=referral_id)
        for audience, content in groups.items()
    }


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
