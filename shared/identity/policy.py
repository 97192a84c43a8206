"""What a role may do, route by route; an app with a route that nobody guards does not start."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared import audit
from shared.errors import NotFound
from shared.identity.caller import OURS, REFERRAL_ID, Caller, Forbidden, Role, Unauthenticated
from shared.identity.limits import LEAVE, Limits
from shared.identity.verifier import Verifier
from shared.identity.whose import sees_all

AccessPolicy = Mapping[str, frozenset[Role]]
"""Name of a command or route -> the roles that may use it. What is not in the table is nobody's."""

Owns = Callable[[Caller, frozenset[Role], str, Request], Awaitable[bool]]
"""Whether what a request is about is the caller's, in these roles, under this permission. Raises NotFound."""


async def _owns_nothing(_caller: Caller, _roles: frozenset[Role], _permission: str, _request: Request) -> bool:
    return False


_BEARER: Final = HTTPBearer(auto_error=False, bearerFormat="JWT")
_SAFE: Final = frozenset({"GET", "HEAD"})


class Unguarded(Exception):
    """A route that anybody could call, or that nobody may: a mistake of ours, found when the app is built."""


@dataclass(frozen=True, slots=True)
class Session:
    """For pages: the cookie that holds the token, and where to send a reader who has none."""

    cookie: str
    login_path: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may come in: whose tokens are believed, who may do what with whose objects, which paths ask nobody.

    And how much of one client is too much. What is answered leaves when `recorder` has it on record.
    """

    verifier: Verifier
    policy: AccessPolicy
    open_paths: frozenset[str] = frozenset()
    session: Session | None = None
    owns: Owns = _owns_nothing
    limits: Limits | None = None
    recorder: audit.Recorder | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """Lets callers through whose role the policy names, to objects of their own tenant, and of their own party."""

    name: str

    async def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> Caller:
        """Return the caller. Raises Unauthenticated, TooMany, Forbidden, or NotFound for what belongs to others."""
        guard: Guard = request.app.state.guard
        token = bearer.credentials if bearer else _cookie(request, guard.session)
        if not token:
            raise Unauthenticated(has_token=False)
        caller = await guard.verifier.verify(token)
        if guard.limits and LEAVE not in request.scope:  # a route may ask for several permissions, and is one request
            request.scope[LEAVE] = guard.limits.admit(caller, request.method)
        put_on_record(caller, self.name, request.path_params)
        roles = caller.roles & guard.policy[self.name]
        if not roles:
            raise Forbidden(self.name)
        _stay_within(caller, request.path_params)
        is_about_one = bool(request.path_params) and not sees_all(roles)
        if is_about_one and not await guard.owns(caller, roles, self.name, request):
            raise NotFound
        return caller


def permit(name: str) -> Any:
    """Guard a route with a permission of the policy.

    `caller: Annotated[Caller, permit("cancel")]`
    """
    return Depends(Permit(name))


def assert_every_route_guarded(app: FastAPI) -> None:
    """Raise Unguarded if a route that is not open has no permit, or one that the policy does not know."""
    guard: Guard = app.state.guard
    for (_, path), names in permissions(app).items():
        if not names and path not in guard.open_paths:
            raise Unguarded(f"Nobody guards {path}.")
        if unknown := sorted(names - set(guard.policy)):
            raise Unguarded(f"The policy does not say who may use {', '.join(unknown)}.")


def permissions(app: FastAPI) -> dict[tuple[str, str], frozenset[str]]:
    """The names of the policy that guard each (method, path); none for an open route, and "*" for any method."""
    return {
        (method, str(route.path)): frozenset(permit.name for permit in _permits(route))
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or {"*"})
    }


def _permits(route: RouteContext) -> Iterator[Permit]:
    try:
        waiting: list[Dependant] = [route.dependant]
    except AttributeError:  # a mount or a plain route: nothing can guard it
        return
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, Permit):
            yield dependant.call
        waiting.extend(dependant.dependencies)


def _cookie(request: Request, session: Session | None) -> str | None:
    """A token from the session cookie; for anything that changes state only from our own pages (CSRF)."""
    if session is None:
        return None
    if request.method not in _SAFE and urlsplit(request.headers.get("origin", "")).netloc != request.url.netloc:
        return None
    return request.cookies.get(session.cookie)


def put_on_record(caller: Caller, permission: str, path_params: Mapping[str, object] = MappingProxyType({})) -> None:
    """Who asks, what for, and about which referral, also where it is refused. What is no id of ours stays outside."""
    party = f"{caller.party.kind}:{caller.party.id}" if caller.party else ""
    roles = (role.value for role in caller.roles)
    audit.by(caller.subject, tenant=caller.tenant, roles=roles, client=caller.client_id, party=party)
    audit.for_purpose(permission)
    for value in path_params.values():
        if match := REFERRAL_ID.match(str(value)):
            audit.about(match[0])


def _stay_within(caller: Caller, path_params: Mapping[str, object]) -> None:
    """An id of another tenant, or for a patient any other referral, answers as if it did not exist."""
    named = [match for value in path_params.values() if (match := OURS.match(str(value)))]
    is_own = all(match[1] == caller.tenant for match in named)
    if Role.PATIENT in caller.roles:
        is_own = bool(named) and all(_begins_with(match, caller.referral_id) for match in named)
    if not is_own:
        raise NotFound


def _begins_with(id_: re.Match[str], referral_id: str | None) -> bool:
    """Whether an id is the referral's, or is derived from it as `{referral}-…`."""
    return referral_id is not None and (id_.string == referral_id or id_.string.startswith(f"{referral_id}-"))
