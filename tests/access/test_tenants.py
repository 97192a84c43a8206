"""Whose objects are seen: another tenant's answers as one that does not exist, and a link opens one referral."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from shared.identity import Role
from tests.access.conftest import SERVICES
from tests.access.probing import Route, probe, roles_of, routes
from tests.access.samples import ABSENT
from tests.support.five_services.keyrings import TENANTS
from tests.support.five_services.running import FiveServices

Referrals = Mapping[str, tuple[str, str]]
NAMES_ITS_OBJECT_INSIDE = ("payer_callback", "parked.resolve")
"""Permissions of routes whose bodies, not addresses, say which referral is meant."""


def seen(answer: httpx2.Response) -> tuple[int, str, dict[str, str]]:
    """What a caller can tell answers by."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.text, headers


def about_a_referral(house: FiveServices, service: str) -> list[Route]:
    """The routes of a service that are asked about one referral."""
    ours = [route for route in routes(house) if route.service == service]
    return [route for route in ours if route.is_of_a_referral or route.permission in NAMES_ITS_OBJECT_INSIDE]


class TestAnotherTenantsReferral:
    @pytest.mark.parametrize("tenant", TENANTS)
    @pytest.mark.parametrize("service", SERVICES)
    async def test_answers_as_one_that_does_not_exist(
        self, service: str, tenant: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Same status, same body, same headers: of the other tenant's, of ours that is not there, of theirs neither."""
        [other] = set(TENANTS) - {tenant}
        wrong: dict[Any, Any] = {}
        for route in about_a_referral(house, service):
            for role in sorted(roles_of(house, route) - {Role.PATIENT}):
                asked = (referrals[other][0], f"{tenant}-{ABSENT}", f"{other}-{ABSENT}")
                answers = [seen(await probe(house, route, each, role, tenant=tenant)) for each in asked]
                if answers[0][0] not in (404, 409) or any(answer != answers[0] for answer in answers):
                    wrong[route.name, role] = answers
        assert {} == wrong

    @pytest.mark.parametrize("service", SERVICES)
    async def test_is_in_no_list(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """What is asked without naming a referral is answered about one's own."""
        wrong = {}
        for route in (route for route in routes(house) if route.service == service and route.method == "GET"):
            if not route.is_of_a_referral:
                for role in sorted(roles_of(house, route)):
                    answer = await probe(house, route, "", role, tenant="other")
                    if any(referral_id in answer.text for referral_id in referrals["demo"]):
                        wrong[route.name, role] = answer.text
        assert {} == wrong


class TestLink:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_opens_one_referral(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """For its patient, every other referral of the same tenant does not exist."""
        own, another = referrals["demo"]
        token = house.issuer.token(Role.PATIENT, referral_id=own)
        wrong = {}
        for route in (route for route in routes(house) if route.service == service):
            if Role.PATIENT in roles_of(house, route):
                for referral_id in (another, referrals["other"][0]):
                    answer = seen(await probe(house, route, referral_id, token=token))
                    absent = seen(await probe(house, route, f"demo-{ABSENT}", token=token))
                    if answer[0] != 404 or answer != absent:
                        wrong[route.name] = (answer, absent)
        assert {} == wrong

    async def test_is_good_for_no_role_beside_the_patients(self, house: FiveServices, referrals: Referrals) -> None:
        """A link that also claims to be of our people is a link."""
        token = house.issuer.token(Role.PATIENT, Role.LEAD, Role.OPERATOR, referral_id=referrals["demo"][0])
        let_in = [
            route.name
            for route in routes(house)
            if Role.PATIENT not in roles_of(house, route)
            and (await probe(house, route, referrals["demo"][0], token=token)).status_code != 403
        ]

        assert [] == let_in
