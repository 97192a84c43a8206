"""One house for all cells: what is asked changes referrals, and never who may ask."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from shared.identity import Role
from tests.support.five_services.keyrings import TENANTS
from tests.support.five_services.running import FiveServices, open_services
from tests.unit.intake.invented import own

SERVICES = ("intake", "authorization", "scheduling", "notifications", "tracking")


@pytest.fixture(scope="session")
async def house() -> AsyncIterator[FiveServices]:
    """The five services, whose outside has nothing."""
    async with open_services(lambda _request: httpx2.Response(404)) as found:
        yield found


@pytest.fixture(scope="session")
async def referrals(house: FiveServices) -> Mapping[str, tuple[str, str]]:
    """Two referrals of each tenant, known to every service."""
    return {tenant: (await sent(house, tenant, "A-1"), await sent(house, tenant, "A-2")) for tenant in TENANTS}


async def sent(house: FiveServices, tenant: str, number: str) -> str:
    """The id of an order's referral, once every service knows it."""
    answer = await house.ask(
        "intake", "POST", "/v1/referrals", Role.COORDINATOR, tenant=tenant, json=own(order_number=number)
    )
    referral_id = str(answer.json()["referral_id"])

    async def is_known() -> bool:
        return all([await house.state(service, referral_id) for service in SERVICES])

    await house.until(is_known)
    return referral_id
