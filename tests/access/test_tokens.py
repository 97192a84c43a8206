"""Whose word is believed: at every route nobody without a token that the issuer signed for us, and for now."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.tracking.api import SESSION
from shared.identity import Role, audience_of
from tests.access.conftest import SERVICES
from tests.access.probing import REFUSED, probe, roles_of, routes
from tests.support.five_services.running import FiveServices
from tests.unit.identity.forgeries import BAD_CLAIMS, FORGERIES

Referrals = Mapping[str, tuple[str, str]]
Tokens = Mapping[Role, Mapping[str, str]]
UNSENDABLE = {"a lone surrogate", "not ASCII"}
"""No HTTP client sends these in a header; the verifier's own tests hand them over directly."""


@pytest.fixture(scope="session")
def unbelievable(house: FiveServices) -> Mapping[Role, Mapping[str, str]]:
    """By role the tokens that would let it in, were they what they seem; and none."""
    # The claims are written for a verifier whose clock stands there.
    issuer, now = house.issuer, int(house.issuer.now_s) - 1_800_000_000
    forged = {name: forge(issuer) for name, forge in FORGERIES.items() if name not in UNSENDABLE}
    claimed = {name: _moved(claims, now) for name, claims in BAD_CLAIMS.items()}
    return {
        role: {"": "", **forged, **{name: issuer.token(role, **claims) for name, claims in claimed.items()}}
        for role in Role
    }


def _moved(claims: dict[str, object], seconds: int) -> dict[str, Any]:
    return {
        name: value + seconds if name in {"exp", "iat", "nbf"} and type(value) is int else value
        for name, value in claims.items()
    }


class TestToken:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_that_is_not_the_issuers_for_us_opens_nothing(
        self, service: str, house: FiveServices, referrals: Referrals, unbelievable: Tokens
    ) -> None:
        """None, expired, of another audience or issuer, under another key or none at all: 401 at every route."""
        wrong = {}
        for route in (route for route in routes(house) if route.service == service):
            for name, token in unbelievable[min(roles_of(house, route))].items():
                answer = await probe(house, route, referrals["demo"][0], token=token)
                if answer.status_code != REFUSED:
                    wrong[route.name, name] = answer.status_code
        assert {} == wrong

    @pytest.mark.parametrize("service", SERVICES)
    async def test_for_another_service_opens_nothing(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Whoever is sent a token cannot use it elsewhere: not a service of ours, and nobody else."""
        others = [audience_of(other) for other in (*SERVICES, "simulators", "issuer") if other != service]
        wrong = {}
        for route in (route for route in routes(house) if route.service == service):
            role = min(roles_of(house, route))
            for audience in ("throughline", others, *others):
                token = house.issuer.token(role, aud=audience)
                answer = await probe(house, route, referrals["demo"][0], token=token)
                if answer.status_code != REFUSED:
                    wrong[route.name, str(audience)] = answer.status_code
        assert {} == wrong


class TestCookie:
    async def test_is_believed_as_the_header_is(
        self, house: FiveServices, referrals: Referrals, unbelievable: Tokens
    ) -> None:
        """The console's cookie holds a token, and is worth what the token is worth."""
        wrong = {}
        for route in (route for route in routes(house) if route.service == "tracking"):
            for name, token in unbelievable[min(roles_of(house, route))].items():
                headers = {"Cookie": f"{SESSION.cookie}={token}", "Origin": "http://tracking.example"}
                answer = await probe(house, route, referrals["demo"][0], token="", headers=headers)
                if answer.status_code != REFUSED:
                    wrong[route.name, name] = answer.status_code
        assert {} == wrong

    async def test_changes_nothing_from_elsewhere(self, house: FiveServices, referrals: Referrals) -> None:
        """A valid cookie that another site's form sends along is nobody's."""
        wrong = {}
        for route in (route for route in routes(house) if (route.service, route.method) == ("tracking", "POST")):
            token = house.issuer.token(min(roles_of(house, route)))
            for origin in ("http://elsewhere.example", "null", ""):
                headers = {"Cookie": f"{SESSION.cookie}={token}", "Origin": origin}
                answer = await probe(house, route, referrals["demo"][0], token="", headers=headers)
                if answer.status_code != REFUSED:
                    wrong[route.name, origin] = answer.status_code
        assert {} == wrong
