"""The local issuer: tokens for programs that sign, codes for people who choose, nothing for anybody else."""

import json
import os
from pathlib import Path

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from deploy.platform import registry
from deploy.platform.keys import registrations, write_state
from shared.effects import ServiceToken, assertion
from shared.errors import Unavailable
from shared.identity import Caller, Role, Unauthenticated, audience_of
from tests.unit.issuer.local_issuer import CALLBACK, TOKEN_URL, URL, LocalIssuer, login

CLIENTS = registrations("demo")


@pytest.fixture
def issuer(tmp_path: Path) -> LocalIssuer:
    """Fresh keys and a fresh issuer."""
    return LocalIssuer(tmp_path)


class TestGrantToProgram:
    async def test_gives_a_token_that_our_services_believe(self, issuer: LocalIssuer) -> None:
        """The token carries the tenant and the roles that the client was registered with."""
        answer = await issuer.ask(issuer.signed("demo-cli"))
        caller = await issuer.verifier().verify(answer.json()["access_token"])

        assert ("demo", "demo-cli") == (caller.tenant, caller.subject)
        assert {Role.INTERNAL, Role.COORDINATOR, Role.OPERATOR} == caller.roles
        assert "no-store" == answer.headers["cache-control"]

    @pytest.mark.parametrize("field", ["audience", "resource"])
    async def test_is_for_the_one_service_that_was_asked_for(self, issuer: LocalIssuer, field: str) -> None:
        """RFC 8707 calls it a resource, many issuers an audience: no other service believes the token."""
        form = {"audience": audience_of("tracking"), field: audience_of("tracking")}
        token = (await issuer.ask(issuer.signed("demo-cli"), **form)).json()["access_token"]

        assert "demo-cli" == (await issuer.verifier("tracking").verify(token)).client_id
        with pytest.raises(Unauthenticated):
            await issuer.verifier("intake").verify(token)

    @pytest.mark.parametrize("client", [client for client in CLIENTS if CLIENTS[client].roles])
    async def test_is_only_for_services_that_its_client_is_registered_for(
        self, issuer: LocalIssuer, client: str
    ) -> None:
        """A program that reaches one service cannot have itself a token for another."""
        granted = set()
        for service in (*registry.names(), "simulators", "issuer"):
            answer = await issuer.ask(issuer.signed(client), audience=audience_of(service))
            if answer.is_success:
                granted.add(service)
            else:
                assert (400, {"error": "invalid_target"}) == _told(answer)

        assert set(CLIENTS[client].services) == granted

    @pytest.mark.parametrize(
        "form", [{"resource": "throughline-tracking"}, {"audience": ""}, {"audience": "throughline"}]
    )
    async def test_refuses_a_token_for_two_services_or_none(self, issuer: LocalIssuer, form: dict[str, str]) -> None:
        """One token, one service."""
        assert (400, {"error": "invalid_target"}) == _told(await issuer.ask(issuer.signed("demo-cli"), **form))

    async def test_refuses_a_field_that_is_there_twice(self, issuer: LocalIssuer) -> None:
        """RFC 6749 §3.2: parameters must not be included more than once."""
        async with issuer.http() as http:
            answer = await http.post("/token", data={"resource": ["throughline-intake", "throughline-tracking"]})

        assert (400, {"error": "invalid_request"}) == _told(answer)

    async def test_takes_an_assertion_for_each_address_that_it_has(self, tmp_path: Path) -> None:
        """Inside a network of containers it has another address; its name in the token stays the same."""
        issuer = LocalIssuer(tmp_path, also_at=("http://issuer.example:8080",))

        answer = await issuer.ask(issuer.signed("demo-cli", aud="http://issuer.example:8080/token"))

        assert "demo-cli" == (await issuer.verifier().verify(answer.json()["access_token"])).subject

    async def test_refuses_a_replayed_assertion(self, issuer: LocalIssuer) -> None:
        """An assertion works once: whoever overheard it comes too late."""
        spent = issuer.signed("demo-cli")
        await issuer.ask(spent)

        assert (401, {"error": "invalid_client"}) == _told(await issuer.ask(spent))

    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": 1_799_999_999},
            {"exp": 1_800_000_301},
            {"exp": None},
            {"exp": float("nan")},
            {"jti": None},
            {"jti": ["a", "list"]},
            {"aud": "https://elsewhere.example/token"},
            {"aud": None},
            {"sub": "demo-payer-medicare"},
            {"iss": "demo-payer-medicare"},
            {"iss": "nobody"},
            {"nbf": 1_800_000_100},
        ],
    )
    async def test_refuses_an_assertion_that_is_not_its_own_for_here_and_now(
        self, issuer: LocalIssuer, claims: dict[str, object]
    ) -> None:
        """SMART Backend Services: own id, this endpoint, at most five minutes, a `jti`."""
        assert (401, {"error": "invalid_client"}) == _told(await issuer.ask(issuer.signed("demo-cli", **claims)))

    async def test_refuses_another_key(self, issuer: LocalIssuer) -> None:
        """Naming a client is not being it."""
        forged = assertion("demo-cli", issuer.key("demo-payer-medicare"), TOKEN_URL, issuer.now_s, os.urandom)

        assert (401, {"error": "invalid_client"}) == _told(await issuer.ask(forged))

    async def test_refuses_the_public_key_used_as_a_shared_secret(self, issuer: LocalIssuer) -> None:
        """HS256 over the published key is the classic forgery."""
        public = json.dumps(issuer.key("demo-cli").as_dict(private=False)).encode()
        claims = {"iss": "demo-cli", "sub": "demo-cli", "aud": TOKEN_URL, "exp": 1_800_000_060, "jti": "a"}
        forged = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"])

        assert (401, {"error": "invalid_client"}) == _told(await issuer.ask(forged))

    @pytest.mark.parametrize("garbage", ["", "a", "a.b.c", "....", "é.é.é", "e30.e30.", "bnVsbA.bnVsbA.eA"])
    async def test_refuses_garbage(self, issuer: LocalIssuer, garbage: str) -> None:
        """What is no JWT is refused like any other stranger."""
        assert (401, {"error": "invalid_client"}) == _told(await issuer.ask(garbage))

    async def test_refuses_the_console_a_token_of_its_own(self, issuer: LocalIssuer) -> None:
        """The console acts for people; without one it is nobody."""
        told = _told(await issuer.ask(issuer.signed("demo-console")))

        assert (400, {"error": "unsupported_grant_type"}) == told


class TestLogIn:
    async def test_shows_the_people_and_says_that_it_is_local(self, issuer: LocalIssuer) -> None:
        """Nobody should take this page for a real log-in."""
        async with issuer.http() as http:
            page = await http.get("/authorize", params=login())

        assert 200 == page.status_code
        assert "For local use only" in page.text
        assert "Casey Coordinator" in page.text

    async def test_escapes_what_came_in_the_query(self, issuer: LocalIssuer) -> None:
        """The page repeats `state` in its links, and must not be made to run it."""
        async with issuer.http() as http:
            page = await http.get("/authorize", params={**login(), "state": '"><script>alert(1)</script>'})

        assert "<script" not in page.text

    async def test_gives_the_chosen_person_a_token(self, issuer: LocalIssuer) -> None:
        """The token is the person's, with the person's one role, and every service believes it."""
        answer = await issuer.redeem(await issuer.code("lee.leadwell"))
        token = answer.json()["access_token"]
        callers = [await issuer.verifier(service).verify(token) for service in registry.names()]

        assert {Caller("demo", "lee.leadwell", frozenset({Role.LEAD}), client_id="demo-console")} == set(callers)

    async def test_returns_the_state_as_it_came(self, issuer: LocalIssuer) -> None:
        """The console recognizes its own log-in by the state."""
        async with issuer.http() as http:
            answer = await http.get("/authorize", params={**login(), "person": "opal.operatsen"})

        assert 303 == answer.status_code
        assert answer.headers["location"].startswith(f"{CALLBACK}?")
        assert "state=opaque-state" in answer.headers["location"]

    @pytest.mark.parametrize(
        "redirect_uri",
        [
            "https://evil.example/login/callback",
            "http://evil.example/login/callback",
            "http://127.0.0.1:8105/elsewhere",
            "http://127.0.0.1.evil.example/login/callback",
            "http://user@evil.example/login/callback",
            "javascript:alert(1)",
        ],
    )
    async def test_refuses_to_send_a_code_elsewhere(self, issuer: LocalIssuer, redirect_uri: str) -> None:
        """Codes go to the registered path on this machine only."""
        async with issuer.http() as http:
            asked = {**login(), "redirect_uri": redirect_uri, "person": "casey.coordinator"}
            answer = await http.get("/authorize", params=asked)

        assert (400, {"error": "invalid_request"}) == _told(answer)

    async def test_refuses_a_code_twice(self, issuer: LocalIssuer) -> None:
        """A code is gone once used."""
        code = await issuer.code()
        await issuer.redeem(code)

        assert (400, {"error": "invalid_grant"}) == _told(await issuer.redeem(code))

    async def test_refuses_a_code_without_its_verifier(self, issuer: LocalIssuer) -> None:
        """PKCE: who took the code from the redirect does not know the verifier."""
        answer = await issuer.redeem(await issuer.code(), code_verifier="guessed")

        assert (400, {"error": "invalid_grant"}) == _told(answer)

    async def test_refuses_a_code_after_a_minute(self, issuer: LocalIssuer) -> None:
        """A code that was left lying is worth nothing."""
        code = await issuer.code()
        issuer.now_s += 60

        assert (400, {"error": "invalid_grant"}) == _told(await issuer.redeem(code))

    async def test_refuses_a_person_nobody_invented(self, issuer: LocalIssuer) -> None:
        """The page's list is the list."""
        async with issuer.http() as http:
            answer = await http.get("/authorize", params={**login(), "person": "root"})

        assert (400, {"error": "access_denied"}) == _told(answer)


class TestServiceToken:
    async def test_asks_again_only_shortly_before_the_end(self, issuer: LocalIssuer) -> None:
        """One token serves many calls; nobody is handed one that dies on the way."""
        async with issuer.http() as http:
            token = _service_token(issuer, http)
            first, second = await token(), await token()
            issuer.now_s += 275
            third = await token()

        assert first == second
        assert first != third

    async def test_says_that_it_cannot_when_the_issuer_refuses(self, issuer: LocalIssuer) -> None:
        """A refusal is not a token."""
        async with issuer.http() as http:
            stranger = ServiceToken("nobody", issuer.key("demo-payer-medicare"), TOKEN_URL, http, lambda: issuer.now_s)
            with pytest.raises(Unavailable):
                await stranger()


class TestWriteState:
    def test_leaves_finished_keys_alone(self, tmp_path: Path) -> None:
        """New keys would make everything unreadable that the old ones sealed."""
        write_state(tmp_path, ["demo"])
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
        write_state(tmp_path, ["demo"])

        assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.json")}

    def test_completes_what_an_older_version_wrote(self, tmp_path: Path) -> None:
        """An older vault gets what it lacks, and every key in it stays."""
        write_state(tmp_path, ["demo"])
        whole = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
        clients, ring = tmp_path / "issuer" / "clients.json", tmp_path / "sealing" / "scheduling.json"
        old = json.loads(clients.read_bytes())["clients"]
        clients.write_text(json.dumps({"clients": [_without(client, "audiences") for client in old]}))
        ring.write_text(json.dumps({"keys": json.loads(ring.read_bytes())["keys"][:1]}))

        write_state(tmp_path, ["demo"])

        found = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
        assert set(whole) == set(found)
        assert [] == [path for path in whole if path != ring and whole[path] != found[path]]
        assert {jwk["kid"]: jwk for jwk in json.loads(whole[ring])["keys"]} == {
            jwk["kid"]: jwk for jwk in json.loads(found[ring])["keys"]
        }

    def test_is_for_the_owner_only(self, tmp_path: Path) -> None:
        """Private keys lie in these files."""
        write_state(tmp_path, ["demo"])

        assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.json")}

    def test_publishes_no_private_key_to_the_issuer(self, tmp_path: Path) -> None:
        """The issuer can check its clients and cannot be them."""
        write_state(tmp_path, ["demo"])
        registered = json.loads((tmp_path / "issuer" / "clients.json").read_bytes())["clients"]

        known = json.loads((tmp_path / "parties" / "public.json").read_bytes())["keys"]

        assert set(CLIENTS) == {client["client_id"] for client in registered}
        assert not any("d" in jwk for jwk in known)
        assert not any("d" in client["jwk"] for client in registered)


def _service_token(issuer: LocalIssuer, http: httpx2.AsyncClient) -> ServiceToken:
    credentials = issuer.state / "clients" / "demo-cli.json"
    token = ServiceToken.from_file(credentials, URL, http, audience_of("intake"))
    token.epoch_s = lambda: issuer.now_s
    return token


def _without(entry: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in entry.items() if key != name}


def _told(answer: httpx2.Response) -> tuple[int, object]:
    return answer.status_code, answer.json()
