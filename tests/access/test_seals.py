"""Who may open which seal: a service those of its audiences, and a person none but by the one act that needs it."""

import itertools
from collections.abc import Mapping

import pytest

from deploy.platform import registry
from services.intake.api.items import CHANGES
from shared.contracts.sealed import Logistics
from shared.identity import Role
from shared.sealing import DERIVED, SealingError
from tests.access.conftest import SERVICES
from tests.simulation.services.outside_script import supplied
from tests.support.five_services.keyrings import TENANTS
from tests.support.five_services.running import FiveServices
from tests.unit.intake.invented import own

EVERY = sorted({audience for audiences in registry.audiences().values() for audience in audiences} - {*DERIVED})
SUPPLIED = {"diagnosis": {"clinical"}, "contact": {"contact"}, "requester": {"clinical"}, "coverage": set[str]()}
"""What is opened to add an item to it. Coverage that was not there has no seal to open."""
MAY_SUPPLY = {Role.COORDINATOR, Role.NURSE, Role.CLINICIAN, Role.EHR}
_ORDERS = itertools.count()


class TestService:
    @pytest.mark.parametrize(("service", "audience"), list(itertools.product(SERVICES, EVERY)))
    def test_opens_the_seals_of_its_audiences_and_no_others(
        self, service: str, audience: str, house: FiveServices
    ) -> None:
        """Of either tenant, by the table of who gets which keys; and never one tenant's with the other's."""
        opened = {
            (tenant, owner): _can_open(house, service, audience, tenant, owner)
            for tenant, owner in itertools.product(TENANTS, TENANTS)
        }

        may = audience in registry.audiences()[service]
        assert {(tenant, owner): may and tenant == owner for tenant, owner in opened} == opened


class TestPerson:
    @pytest.mark.parametrize("item", SUPPLIED)
    async def test_opens_what_an_item_is_added_to_and_only_in_the_role(self, item: str, house: FiveServices) -> None:
        """Role by audience: who may supply information has it sealed anew, and sees nothing of it."""
        opened: Mapping[Role, object] = {role: await _opened_by(house, role, item) for role in Role}

        assert {role: SUPPLIED[item] if role in MAY_SUPPLY else set() for role in Role} == opened

    def test_could_supply_nothing_of_another_audience(self) -> None:
        """A new item of another audience wants a decision about who may have that opened."""
        assert {"clinical", "contact", "coverage"} == {audience for audience, _ in CHANGES.values()}


def _can_open(house: FiveServices, service: str, audience: str, tenant: str, owner: str) -> bool:
    sealed = house.keys.seal(owner, audience, Logistics(), referral_id="demo-x")
    try:
        house.rings[service].open(tenant, audience, sealed, Logistics, purpose="try", referral_id="demo-x")
    except SealingError:
        return False
    return True


async def _opened_by(house: FiveServices, role: Role, item: str) -> set[str]:
    """Which audiences' seals intake opened while somebody in a role supplied an item, or tried to."""
    bare = own(order_number=f"S-{next(_ORDERS)}", requester=None, diagnoses=None, coverage=None)
    bare["patient"] = {name: value for name, value in bare["patient"].items() if name not in ("phone", "email")}
    received = await house.ask("intake", "POST", "/v1/referrals", Role.EHR, json=bare)
    referral_id = received.json()["referral_id"]
    path = f"/v1/referrals/{referral_id}"
    asked = (await house.ask("intake", "GET", path, Role.EHR)).json()["information_request"]
    body = {"request_id": asked["request_id"], "items": [{"code": item, "value": supplied(item, referral_id)}]}
    token = house.issuer.token(role, referral_id=referral_id)
    answer = await house.ask("intake", "POST", f"{path}/information", token=token, json=body)
    assert (202 if role in MAY_SUPPLY else 403) == answer.status_code, answer.text
    return {each.audience for by, each in house.openings if by == "intake" and each.referral_id == referral_id}
