"""The cells of the matrix: every route of every service, asked by anybody about anything."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from shared.capabilities import Capabilities
from shared.identity import WHOSE, Role, permissions
from tests.access.samples import SAMPLES
from tests.support.five_services.running import FiveServices

OPEN = {
    "/livez": "whether the process runs; says nothing else",
    "/readyz": "whether its doors are open; says nothing else",
    "/metrics": "figures whose labels are kinds and routes",
    "/openapi.json": "the API's own description, which is public",
    "/v1/sms-callbacks": "the gateway's signature authenticates, as Twilio's convention has it",
    "/v1/sms-replies": "the gateway's signature authenticates, as of its receipts",
    "/static/{name}": "style, script and mark of the console",
    "/login": "where somebody without a session logs in",
    "/login/start": "sends the browser to the issuer",
    "/login/callback": "redeems what the issuer sent the browser back with",
}
"""What asks nobody for a bearer token, and why that is right."""
REFUSED, FORBIDDEN, HIDDEN = 401, 403, 404
LET_IN = (200, 202, 204, 303, 409)
"""Done, or refused by the domain, which a caller who was turned away never reaches."""
_KEYS = itertools.count()


@dataclass(frozen=True, order=True)
class Route:
    """A guarded route, and what guards it."""

    service: str
    method: str
    path: str
    permission: str = field(compare=False)

    @property
    def name(self) -> str:
        """Its method and template."""
        return f"{self.method} {self.path}"

    @property
    def is_of_a_referral(self) -> bool:
        """Whether its address names one."""
        return "{referral_id}" in self.path

    @property
    def is_of_an_object(self) -> bool:
        """Whether its address names anything that may be one party's and not another's."""
        return "{" in self.path


def routes(house: FiveServices) -> list[Route]:
    """Every guarded route, in a fixed order."""
    return [
        Route(service, method, path, *sorted(names))
        for service, app in sorted(house.apps.items())
        for (method, path), names in sorted(permissions(app).items())
        if names
    ]


def roles_of(house: FiveServices, route: Route) -> frozenset[Role]:
    """The roles that the service's table lets through."""
    found: frozenset[Role] = house.apps[route.service].state.guard.policy[route.permission]
    return found


def matrix(house: FiveServices) -> dict[str, dict[str, dict[str, Any]]]:
    """By service and route: the permission, the roles that have it, and which of these see only what is theirs."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for route in routes(house):
        roles = sorted(roles_of(house, route))
        whose = {role.value: WHOSE[role][0] for role in roles if route.is_of_an_object and role in WHOSE}
        if Role.PATIENT in roles:
            whose["patient"] = "the referral that the link opens"
        cell = {"permission": route.permission, "roles": [role.value for role in roles], "whose": whose}
        found.setdefault(route.service, {})[route.name] = cell
    return found


def given(house: FiveServices, route: Route, referral_id: str, holder: str) -> str:
    """What follows a route's path in the address that a holder was given; nothing where none is given away."""
    audience = house.blueprints[route.service].handed.get(route.permission)
    if audience is None:
        return ""
    return Capabilities(house.keys, audience).address("", route.permission, referral_id, holder)


async def probe(
    house: FiveServices, route: Route, referral_id: str, *roles: Role, query: str = "", **caller: Any
) -> httpx2.Response:
    """Ask a route as a caller who means it; a header that is empty is not sent, and `json` is another body."""
    path = route.path.format(referral_id=referral_id, payer_id="medicare") + query
    wanted = {"Idempotency-Key": f"k-{next(_KEYS)}", **caller.pop("headers", {})}
    headers = {name: value for name, value in wanted.items() if value}
    content = {} if {"json", "content"} & caller.keys() else _content(route, referral_id)
    return await house.ask(route.service, route.method, path, *roles, headers=headers, **content, **caller)


def _content(route: Route, referral_id: str) -> dict[str, Any]:
    body = body_of(route, referral_id)
    if body is None:
        return {}
    return {"data": body} if SAMPLES[route.service][route.name].is_form else {"json": body}


def body_of(route: Route, referral_id: str) -> Any:
    """A body that the route would take; None where it wants none."""
    sample = SAMPLES[route.service].get(route.name)
    return sample.of({"referral_id": referral_id}) if sample else None


def misses(route: Route) -> tuple[int, ...]:
    """Statuses by which a route that let the caller in says that it has no such thing."""
    sample = SAMPLES[route.service].get(route.name)
    return sample.misses if sample else ()


def every_role() -> Iterator[Role | None]:
    """Each role, and none."""
    yield from Role
    yield None
