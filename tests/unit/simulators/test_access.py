"""Who is let in at the simulated parties: each believes tokens of its own issuer alone, and operators operate all."""

import os
import time

import httpx2
import pytest
from joserfc.jwk import ECKey

from deploy.simulators.app import POLICY
from shared.effects import ServiceToken
from shared.errors import Unavailable
from shared.identity import Role
from shared.parties import Party
from tests.unit.simulators.party_tokens import OURS, REGISTER, party_at, token
from tests.unit.simulators.served_simulators import Outside, bearer

OPEN = {"/livez", "/readyz"}
CALLED = [
    "/payers/acme/authorizations/r",
    "/payers/other/authorizations/r",
    "/offices/o/requests/r",
    "/offices/office-1/appointments/v",
    "/ehr/reports/r",
]
OPERATED = ["/counts", "/counts/visit", "/counts/visit/v", "/agenda"]


class TestAccess:
    async def test_is_open_for_health_alone(self, outside: Outside) -> None:
        """Anybody may ask whether they are alive and ready."""
        answers = [await outside.called.get(path, headers={"Authorization": ""}) for path in sorted(OPEN)]

        assert [200, 200] == [answer.status_code for answer in answers]

    async def test_refuses_strangers(self, outside: Outside) -> None:
        """No token and a forged one are both a 401."""
        for path in CALLED + OPERATED:
            for header in ("", "Bearer a.b.c", "Bearer e30.e30.eA"):
                assert 401 == (await outside.called.get(path, headers={"Authorization": header})).status_code, path

    async def test_lets_operators_operate_and_nobody_else(self, outside: Outside) -> None:
        """By the roles that our own issuer gives."""
        for path in OPERATED:
            for role in Role:
                status = (await outside.called.get(path, headers=bearer(role))).status_code

                assert (status not in {401, 403}) is (role in POLICY["operate_simulators"]), (path, role)

    async def test_a_token_of_our_own_issuer_is_nothing_to_a_party(self, outside: Outside) -> None:
        """A payer that took our own tokens would hold one."""
        for path in CALLED:
            for role in Role:
                assert 401 == (await outside.called.get(path, headers=bearer(role))).status_code, (path, role)

    async def test_a_party_believes_its_own_tokens_alone(self, outside: Outside) -> None:
        """What one counterparty is sent opens no other."""
        for path in CALLED:
            for party in REGISTER.parties:
                headers = {"Authorization": f"Bearer {token(outside.token_servers, party)}"}
                status = (await outside.called.get(path, headers=headers)).status_code

                assert (status != 401) is (party == party_at(path)), (path, party.id)

    async def test_refuses_services_at_the_operators_routes(self, outside: Outside) -> None:
        """The system under test does not inject its own faults."""
        for path in ("/admin/behaviour", "/admin/faults"):
            assert 403 == (await outside.called.post(path, json={}, headers=bearer("service"))).status_code
            assert 403 == (await outside.called.delete(path, headers=bearer("service"))).status_code


class TestTokenEndpoint:
    @pytest.mark.parametrize("party", REGISTER.parties, ids=lambda party: party.id)
    async def test_of_each_party_knows_us_by_our_key_for_it(self, outside: Outside, party: Party) -> None:
        """SMART Backend Services: an assertion for this endpoint, signed by the key that was registered there."""
        granted = await _token_of(outside, party, OURS)()

        assert "throughline-demo" == (await outside.token_servers.of(party).verifier.verify(granted)).client_id

    async def test_does_not_know_another_key(self, outside: Outside) -> None:
        """The key for one party is nothing at another."""
        party = REGISTER.parties[0]
        with pytest.raises(Unavailable):
            await _token_of(outside, party, ECKey.generate_key("P-384", {"kid": "ours"}))()

    @pytest.mark.parametrize("path", ["demo/payer/nobody", "other/payer/acme", "demo/office/acme"])
    async def test_is_there_for_parties_of_the_register_alone(self, outside: Outside, path: str) -> None:
        """Who is not a party has no token endpoint."""
        assert (
            400
            == (
                await outside.called.post(f"/parties/{path}/token", data={"grant_type": "client_credentials"})
            ).status_code
        )


def _token_of(outside: Outside, party: Party, key: ECKey) -> ServiceToken:
    """What a service of ours would ask, through the served address."""
    assert party.connection
    http = httpx2.AsyncClient(transport=_Redirected(outside.called))
    asks = {"resource": party.connection.resource or ""}
    return ServiceToken(
        party.connection.client_id, key, party.connection.token_url, http, time.time, os.urandom, asks=asks
    )


class _Redirected(httpx2.AsyncBaseTransport):
    """Sends what is meant for the address in the register to the one that is served."""

    def __init__(self, called: httpx2.AsyncClient) -> None:
        self._called = called

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it on."""
        content = await request.aread()
        headers = {"Content-Type": request.headers["Content-Type"]}
        return await self._called.request(request.method, request.url.path, content=content, headers=headers)
