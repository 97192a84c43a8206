"""Short ways to call intake's routes about the invented order."""

import asyncio
from typing import Any

from services.intake.domain import NoteChoice
from shared.capabilities import Capabilities
from shared.engine import CommandEnvelope
from shared.identity import Role
from tests.unit.intake.invented import own
from tests.unit.intake.running import DEADLINE_S, Running
from tests.unit.intake.telling import BY


async def received(intake: Running, **changes: Any) -> str:
    """The id of the invented order's referral."""
    async with intake.client(Role.EHR) as ehr:
        answer = await ehr.post("/v1/referrals", json=own(**changes))
    return str(answer.json()["referral_id"])


async def sent(intake: Running, **changes: Any) -> str:
    """The same, and scheduling has chosen who shall see the patient."""
    referral_id = await received(intake, **changes)
    choice = NoteChoice(at=intake.now(), by=BY, channel="kafka", choice=1, provider_ref="pr-near", site_ref="st-north")
    await intake.service.execute(CommandEnvelope(key=referral_id, id="chosen", command=choice))
    return referral_id


async def post(intake: Running, path: str, body: Any, *roles: Role, **headers: str) -> Any:
    """Post to a referral, as the EHR unless other roles are given, or as an office that was sent the patient."""
    referral_id, _, act = path.partition("/")
    address = f"/v1/referrals/{path}"
    if act == "reports" and not roles:
        roles = (Role.OFFICE,)
        address = Capabilities(intake.keyring, "logistics").address(address, "record_report", referral_id, "pr-near")
    async with intake.client(*(roles or (Role.EHR,))) as client:
        return await client.post(address, json=body, headers=headers)


async def read(intake: Running, referral_id: str, *roles: Role) -> Any:
    """The referral as these roles see it."""
    async with intake.client(*(roles or (Role.COORDINATOR,))) as client:
        return (await client.get(f"/v1/referrals/{referral_id}")).json()


async def until(intake: Running, referral_id: str, state: str) -> Any:
    """Wait until the referral is in this state, and return it."""
    async with asyncio.timeout(DEADLINE_S):
        while (found := await read(intake, referral_id))["state"] != state:
            await asyncio.sleep(0.01)
    return found
