"""What counterparties are sent opens nothing of ours, and nothing of one another's.

The worst case is played: every counterparty's token endpoint is our own issuer, and grants whatever roles there are.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from joserfc.jwk import ECKey

from shared.effects import Clients, Connections
from shared.identity import Role, audience_of
from shared.parties import Connection, Kind, Party, Register
from tests.access.conftest import SERVICES
from tests.access.probing import REFUSED, probe, routes
from tests.privacy.outside import Outside
from tests.privacy.playing import Stage
from tests.privacy.tales import TALES
from tests.support.callers import Issuer
from tests.support.five_services.plans import DIRECTORY
from tests.support.five_services.running import FiveServices, open_services
from tests.support.outside.smtp_server import mail_server

DAYS = 40
TOLD = ("completed", "by a listed payer", "denied")
ROLES = tuple(role for role in Role if role is not Role.PATIENT)
"""All that open more than one referral."""
ASKED: tuple[Kind, ...] = ("payer", "clearinghouse", "office", "ehr")


def _party(kind: Kind, id_: str, **more: Any) -> Party:
    at = f"http://{kind}-{id_}.example"
    connection = Connection(token_url=f"{at}/token", client_id="demo-cli", key_file=Path("key.json"), resource=at)
    return Party(tenant="demo", kind=kind, id=id_, endpoint=at, connection=connection, **more)


def _register() -> Register:
    """A payer, who speaks for all others, an office per provider, and one EHR."""
    providers = [provider["provider_ref"] for provider in json.loads(DIRECTORY.read_text())["providers"]]
    offices = [_party("office", ref, provider_refs=(ref,)) for ref in providers]
    others = _party("clearinghouse", "all-others", payers=("unlisted-*", "unknown"))
    return Register((_party("payer", "medicare"), others, _party("ehr", "main-ehr"), *offices))


@dataclass
class Counterparties:
    """What is outside, with a token endpoint each. `shown` has the Authorization headers that each host was sent."""

    outside: Outside
    issuer: Issuer
    shown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Grant a token to who asks for one, and keep what everybody else shows."""
        if request.url.path == "/token":
            form = parse_qs(request.content.decode())
            self.asked[request.url.host] += 1
            token = self.grant(form["resource"][0])
            return httpx2.Response(200, json={"access_token": token, "token_type": "Bearer", "expires_in": 300})
        self.shown[request.url.host].add(request.headers.get("Authorization", ""))
        return self.outside(request)

    def grant(self, audience: str) -> str:
        """A token that says all that it can, for one audience."""
        return self.issuer.token(*ROLES, subject="demo-cli", client_id="demo-cli", aud=audience)


@dataclass(frozen=True)
class Told:
    """A full story, and what was shown outside in it."""

    house: FiveServices
    referral_id: str
    counterparties: Counterparties


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """Referrals that go all the way: eligibility, authorization, office, visit, report, messages."""
    folder, register = tmp_path_factory.mktemp("keys"), _register()
    (folder / "key.json").write_text(json.dumps(ECKey.generate_key("P-384", {"kid": "ours"}).as_dict(private=True)))
    outside = Outside()
    counterparties = Counterparties(outside, Issuer())

    def lines(http: httpx2.AsyncClient) -> Clients:
        return Clients(
            register, Connections(register, ASKED, folder, lambda _: httpx2.MockTransport(counterparties)), http
        )

    async with mail_server() as mail, open_services(counterparties, mail_port=mail.port, lines=lines) as house:
        counterparties.issuer = house.issuer
        stage = Stage(house, outside)
        for name in TOLD:
            await stage.begin(name, TALES[name])
            await stage.settle()
        await stage.play(DAYS)
        yield Told(house, stage.referrals[TOLD[0]], counterparties)


class TestCredentials:
    def test_go_to_every_kind_of_counterparty(self, told: Told) -> None:
        """The story is a whole one: payers, offices, the EHR and the text gateway were all asked."""
        kinds = {host.partition("-")[0] for host in told.counterparties.shown}

        assert {*ASKED, "outside.example"} == kinds
        assert all(told.counterparties.shown.values())

    async def test_open_no_route_of_ours(self, told: Told) -> None:
        """Every header that a gateway sent is a 401 at every route of all five services."""
        sent = set().union(*told.counterparties.shown.values())
        wrong = {}
        for route, header in itertools.product(routes(told.house), sorted(sent)):
            headers = {"Authorization": header}
            answer = await probe(told.house, route, told.referral_id, token="", headers=headers)
            if answer.status_code != REFUSED:
                wrong[route.service, route.name, header[:12]] = answer.status_code
        assert {} == wrong

    async def test_would_be_good_ones_if_they_were_for_us(self, told: Told) -> None:
        """It is the audience that keeps them out, and nothing else that is wrong with them."""
        for service in SERVICES:
            route = next(route for route in routes(told.house) if route.service == service and route.method == "GET")
            token = told.counterparties.grant(audience_of(service))

            assert REFUSED != (await probe(told.house, route, told.referral_id, token=token)).status_code, service

    def test_are_never_shown_to_two(self, told: Told) -> None:
        """What one counterparty was sent, no other was; and each asks its own endpoint, once while the token lives."""
        shown: Mapping[str, set[str]] = told.counterparties.shown
        twice = {
            (one, other)
            for one, other in itertools.combinations(sorted(shown), 2)
            if not shown[one].isdisjoint(shown[other])
        }

        assert set() == twice
        assert {host: 1 for host in shown if host != "outside.example"} == told.counterparties.asked
