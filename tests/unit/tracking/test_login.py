"""Logging in at the local issuer, as a browser does it."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from services.tracking.api import SESSION
from services.tracking.gateways import Issuer
from shared.effects import ServiceToken
from shared.identity import Role, Verifier, audience_of
from tests.unit.tracking.running import CONSOLE_URL, ISSUER_URL, Running


async def begin(browser: httpx2.AsyncClient) -> dict[str, str]:
    """Press "Log in": what the issuer is asked."""
    answer = await browser.get("/login/start")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def choose(tracking: Running, asked: Mapping[str, str], person: str = "nora.nurseworth") -> str:
    """Choose a person at the issuer: the address that the browser is sent back to, without its host."""
    transport = httpx2.ASGITransport(tracking.login)
    async with httpx2.AsyncClient(transport=transport, base_url=ISSUER_URL) as issuer:
        answer = await issuer.get("/authorize", params={**asked, "person": person})
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


class TestLogIn:
    async def test_ends_with_a_session_of_the_person(self, tracking: Running) -> None:
        """The cookie holds a token that every service believes; scripts cannot read it."""
        async with tracking.browser() as browser:
            answer = await browser.get(await choose(tracking, await begin(browser)))
            token = browser.cookies[SESSION.cookie]

        caller = await _verifier(tracking).verify(token)
        assert (303, "/") == (answer.status_code, answer.headers["location"])
        assert ("demo", "nora.nurseworth", frozenset({Role.NURSE})) == (caller.tenant, caller.subject, caller.roles)
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(SESSION.cookie))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/;" in cookie

    async def test_asks_with_pkce(self, tracking: Running) -> None:
        """A stolen code is worth nothing without what only this browser has."""
        async with tracking.browser() as browser:
            asked = await begin(browser)

        assert ("code", "S256", "demo-console") == (
            asked["response_type"],
            asked["code_challenge_method"],
            asked["client_id"],
        )
        assert f"{CONSOLE_URL}/login/callback" == asked["redirect_uri"]

    async def test_is_secure_where_the_page_is(self, tracking: Running) -> None:
        """Over https the cookies never travel in the open."""
        transport = httpx2.ASGITransport(tracking.app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://console.example") as browser:
            answer = await browser.get("/login/start")

        assert "Secure" in answer.headers["set-cookie"]

    async def test_refuses_a_return_that_this_browser_did_not_begin(self, tracking: Running) -> None:
        """Somebody else's code would log this person in as somebody else."""
        async with tracking.browser() as attacker, tracking.browser() as victim:
            back = await choose(tracking, await begin(attacker))
            await begin(victim)
            answers = [await victim.get(back), await tracking.browser().get(back)]

        assert [403, 403] == [answer.status_code for answer in answers]
        assert SESSION.cookie not in victim.cookies

    async def test_refuses_a_return_whose_state_is_not_its_own(self, tracking: Running) -> None:
        """Even with a good code: the state ties the return to the browser that began."""
        async with tracking.browser() as browser:
            asked = await begin(browser)
            back = await choose(tracking, asked)
            assert 403 == (await browser.get(back.replace(asked["state"], "forged"))).status_code
            assert 303 == (await browser.get(back)).status_code

    async def test_refuses_a_code_the_second_time(self, tracking: Running) -> None:
        """Codes are good for one use."""
        async with tracking.browser() as browser:
            asked = await begin(browser)
            back = await choose(tracking, asked)
            attempt = dict(browser.cookies)
            await browser.get(back)
            browser.cookies.update(attempt)
            again = await browser.get(back)

        assert 403 == again.status_code
        assert "try again" in again.text

    @pytest.mark.parametrize("query", ["", "code=x", f"{urlencode({'error': 'access_denied'})}"])
    async def test_refuses_a_return_without_a_code(self, tracking: Running, query: str) -> None:
        """The issuer said no, or somebody made the address up."""
        async with tracking.browser() as browser:
            await begin(browser)
            assert 403 == (await browser.get(f"/login/callback?{query}")).status_code

    async def test_waits_for_an_issuer_that_is_down(self, tracking: Running) -> None:
        """Nothing was done: come back later."""
        async with tracking.browser() as browser:
            asked = await begin(browser)
            back = await choose(tracking, asked)
            tracking.login.router.routes.clear()
            tracking.login.add_api_route("/token", _down, methods=["POST"])
            assert 503 == (await browser.get(back)).status_code


class TestLogOut:
    async def test_forgets_the_session(self, tracking: Running) -> None:
        """And shows the way in again."""
        async with tracking.browser(Role.COORDINATOR) as browser:
            answer = await browser.post("/logout", headers={"Origin": CONSOLE_URL})

        assert (303, "/login") == (answer.status_code, answer.headers["location"])
        assert f'{SESSION.cookie}=""; ' in answer.headers["set-cookie"]

    async def test_is_nothing_that_another_site_can_do(self, tracking: Running) -> None:
        """A form elsewhere cannot log people out."""
        async with tracking.browser(Role.COORDINATOR) as browser:
            answer = await browser.post("/logout", headers={"Origin": "https://elsewhere.example"})

        assert 401 == answer.status_code


class TestIssuer:
    async def test_no_two_attempts_are_alike(self, tracking: Running) -> None:
        """State and verifier are fresh each time."""
        credentials = ServiceToken("demo-console", tracking.issuer.key, f"{ISSUER_URL}/token", httpx2.AsyncClient())
        issuer = Issuer(credentials, f"{ISSUER_URL}/authorize")

        (one, _), (two, _) = issuer.begin(CONSOLE_URL), issuer.begin(CONSOLE_URL)

        assert 4 == len({one.state, one.verifier, two.state, two.verifier})


async def _down() -> Any:
    return httpx2.Response(503)


def _verifier(tracking: Running) -> Verifier:
    async def fetch() -> Any:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(tracking.login), base_url=ISSUER_URL) as http:
            return (await http.get("/.well-known/jwks.json")).json()

    return Verifier(ISSUER_URL, audience_of("tracking"), fetch, time.time)
