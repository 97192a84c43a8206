"""Whatever is wrong with a request, nothing of it comes back or stays: not in the answer, the logs, or anywhere."""

import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from shared.identity import permissions
from shared.web.bodies import JsonBody
from tests.access.probing import Route, roles_of, routes
from tests.privacy.canaries import found_in
from tests.privacy.conftest import logging_to
from tests.privacy.fhir import bundle
from tests.privacy.filling import filled
from tests.privacy.outside import Outside
from tests.privacy.playing import SHOWS_SEALS
from tests.privacy.scanning import evidence_of
from tests.privacy.tales import order
from tests.privacy.wrongs import BYTES, HEADERS, PATHS, QUERIES, spoilt
from tests.support.five_services.running import FiveServices, open_services

SERVICES = ("intake", "authorization", "scheduling", "notifications", "tracking")


class Refusing:
    """A house that is asked wrongly; `answer` asks and notes what came back of it."""

    def __init__(self, house: FiveServices, referral_id: str, logged: io.StringIO) -> None:
        self.house, self.referral_id, self.logged = house, referral_id, logged
        self.asked = 0
        self.wrong: dict[str, Any] = {}

    def path_of(self, route: Route) -> str:
        """The route's address, of something that there is."""
        return route.path.format(referral_id=self.referral_id, payer_id="medicare", name="console.css")

    async def answer(self, what: str, route: Route, path: str = "", **more: Any) -> httpx2.Response:
        """Ask as somebody who may."""
        self.asked += 1
        path = path or self.path_of(route)
        headers = {"Idempotency-Key": f"k-{self.asked}", **more.pop("headers", {})}
        role = min(roles_of(self.house, route)) if route.permission else None
        token = None if role and "Authorization" not in headers else ""
        asked = [role] if role else []
        answer = await self.house.ask(route.service, route.method, path, *asked, token=token, headers=headers, **more)
        is_shown = answer.is_success and route.name in SHOWS_SEALS
        if answer.status_code >= 500 or (found_in(self.house.answers.pop()[1]) and not is_shown):
            self.wrong[f"{route.name} {what}"] = (answer.status_code, answer.text[:300])
        return answer

    def leaks(self) -> dict[str, Any]:
        """What came back, and what stayed."""
        evidence = evidence_of(self.house)
        evidence.add("logs", self.logged.getvalue().encode())
        return {**self.wrong, **evidence.leaks()}


@pytest.fixture
async def refusing() -> AsyncIterator[Refusing]:
    """A house with one referral that is full of canaries."""
    logged = io.StringIO()
    with logging_to(logged):
        async with open_services(Outside()) as house:
            made = Route("intake", "POST", "/v1/referrals", "receive")
            found = Refusing(house, "", logged)
            found.referral_id = (await found.answer("in order", made, json=order("s"))).json()["referral_id"]
            yield found


def bodies(house: FiveServices, service: str) -> Iterator[tuple[Route, Any]]:
    """Each route that takes a body, and a body that it takes."""
    by_name = {route.name: route for route in routes(house) if route.service == service}
    for found in iter_route_contexts(house.apps[service].routes):
        for each in getattr(getattr(found, "dependant", None), "dependencies", ()):
            if isinstance(each.call, JsonBody):
                yield by_name[f"{min(found.methods or ())} {found.path}"], filled(each.call.model)


class TestBody:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_that_is_wrong_anywhere_comes_back_nowhere(self, service: str, refusing: Refusing) -> None:
        """Each member of each body of each route: of the wrong type, too long, unknown, missing, of prose."""
        for route, body in bodies(refusing.house, service):
            for what, wrong in spoilt(body):
                await refusing.answer(what, route, json=wrong)

        assert {} == refusing.leaks()

    async def test_of_fhir_that_is_wrong_anywhere_comes_back_nowhere(self, refusing: Refusing) -> None:
        """Of the thousands of ways in which a Bundle can be wrong, every 31st: as OperationOutcome, by FHIR's names."""
        door = Route("intake", "POST", "/fhir/R4", "receive")
        refused = 0
        for what, wrong in list(spoilt(bundle("w")))[::31]:
            refused += (await refusing.answer(what, door, json=wrong)).is_client_error

        assert {} == refusing.leaks()
        assert refused > 20

    @pytest.mark.parametrize("service", SERVICES)
    async def test_that_is_none_comes_back_nowhere(self, service: str, refusing: Refusing) -> None:
        """Not JSON, not UTF-8, too deep, too large, of another type: at every route, taken or not."""
        for route in everything(refusing.house, service):
            for what, (content, type_) in BYTES.items():
                if what != "too large" or route.method == "POST":
                    await refusing.answer(what, route, content=content, headers={"Content-Type": type_})

        assert {} == refusing.leaks()


class TestRequest:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_that_says_it_in_the_wrong_place_is_not_repeated(self, service: str, refusing: Refusing) -> None:
        """In the path, the query, any header, or by a method that nobody knows."""
        for route in everything(refusing.house, service):
            whole = refusing.path_of(route)
            for headers in HEADERS:
                await refusing.answer(f"{headers}", route, headers=headers, content=b"{}")
            for query in QUERIES:
                await refusing.answer(f"?{query}", route, f"{whole}?{query}", content=b"{}")
            for path in PATHS:
                named = route.path.format(referral_id=path, payer_id=path, name=path)
                await refusing.answer(path, route, named if named != route.path else f"{route.path}/{path}")

        assert {} == refusing.leaks()

    async def test_is_counted_by_its_route_alone(self, refusing: Refusing) -> None:
        """Whatever is asked for, figures know templates."""
        nowhere = Route("intake", "DELETE", "/", "read")
        for path in PATHS:
            await refusing.answer(path, nowhere, f"/{path}/{path}?{path}={path}")

        assert b'route="unmatched"' in refusing.house.metrics["intake"].exposition()
        assert {} == refusing.leaks()


def everything(house: FiveServices, service: str) -> list[Route]:
    """Every route of a service, those too that ask for no token."""
    return [
        Route(service, method, path, *(sorted(names) or [""]))
        for (method, path), names in sorted(permissions(house.apps[service]).items())
        if method != "HEAD"
    ]
