"""Who may do what, to whose objects; and that no route is left without an answer to that."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from shared.contracts.language import Actor
from shared.identity import AccessPolicy, Caller, Role, Session, Unguarded, assert_every_route_guarded, permit
from shared.web import create_app
from tests.support.callers import Issuer, client_of

POLICY: AccessPolicy = {
    "read": frozenset({Role.COORDINATOR, Role.PATIENT}),
    "cancel": frozenset({Role.COORDINATOR}),
    "summary": frozenset({Role.COORDINATOR, Role.PATIENT}),
}
OWN, OTHER = "demo-" + "a" * 26, "demo-" + "b" * 26
FOREIGN = "other-" + "a" * 26


def routes() -> APIRouter:
    """A service with one object per referral, one list, and a page to log in."""
    router = APIRouter(prefix="/v1")

    @router.get("/cases/{case_id}")
    async def read(case_id: str, caller: Annotated[Caller, permit("read")]) -> dict[str, str]:
        return {"id": case_id, "as": caller.subject}

    @router.post("/cases/{case_id}/cancellation")
    async def cancel(case_id: str, caller: Annotated[Caller, permit("cancel")]) -> dict[str, str]:
        return {"id": case_id, "as": caller.subject}

    @router.get("/summary")
    async def summary(caller: Annotated[Caller, permit("summary")]) -> dict[str, str]:
        return {"as": caller.subject}

    return router


@pytest.fixture
def issuer() -> Issuer:
    """An issuer at the present moment."""
    return Issuer()


@pytest.fixture
async def client(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service."""
    async with client_of(create_app("Cases", [routes()], issuer.guard(POLICY))) as client:
        yield client


class TestPermit:
    async def test_lets_a_role_of_the_table_through(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        """The table says coordinator, so a coordinator may."""
        answer = await client.get(f"/v1/cases/{OWN}", headers=issuer.headers(Role.COORDINATOR))

        assert (200, {"id": OWN, "as": "sam.sample"}) == (answer.status_code, answer.json())

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
    async def test_refuses_every_other_role(self, client: httpx2.AsyncClient, issuer: Issuer, role: Role) -> None:
        """What the table does not grant is refused, without saying what would be needed."""
        headers = {"Authorization": f"Bearer {issuer.token(role, referral_id=OWN)}"}
        answer = await client.post(f"/v1/cases/{OWN}/cancellation", headers=headers)

        assert 403 == answer.status_code
        assert "coordinator" not in answer.text

    async def test_refuses_a_caller_without_a_role(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        """To be known is not to be allowed."""
        assert 403 == (await client.get("/v1/summary", headers=issuer.headers())).status_code

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token"])
    async def test_asks_for_a_token(self, client: httpx2.AsyncClient, header: str | None) -> None:
        """Without a bearer token: 401 and the way to do better (RFC 6750 §3)."""
        headers = {} if header is None else {"Authorization": header}
        answer = await client.get("/v1/summary", headers=headers)

        assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])

    async def test_says_that_a_token_is_not_believed(self, client: httpx2.AsyncClient) -> None:
        """A token that fails is told apart from none at all, and from nothing else."""
        answer = await client.get("/v1/summary", headers={"Authorization": "Bearer a.b.c"})

        assert (401, 'Bearer error="invalid_token"') == (answer.status_code, answer.headers["www-authenticate"])

    async def test_hides_another_tenants_objects(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        """An object of another tenant answers as if it did not exist."""
        answer = await client.get(f"/v1/cases/{FOREIGN}", headers=issuer.headers(Role.COORDINATOR))

        assert 404 == answer.status_code

    @pytest.mark.parametrize(
        ("path", "status"),
        [(f"/v1/cases/{OWN}", 200), (f"/v1/cases/{OTHER}", 404), ("/v1/cases/garbage", 404), ("/v1/summary", 404)],
    )
    async def test_keeps_a_patient_to_the_own_referral(
        self, client: httpx2.AsyncClient, issuer: Issuer, path: str, status: int
    ) -> None:
        """A patient's link opens one referral: not another, not a list, whatever the table says."""
        headers = {"Authorization": f"Bearer {issuer.token(Role.PATIENT, referral_id=OWN)}"}

        assert status == (await client.get(path, headers=headers)).status_code

    async def test_shows_in_the_api_description(self, client: httpx2.AsyncClient) -> None:
        """A reader of the API sees that it wants a bearer token."""
        document = (await client.get("/openapi.json")).json()

        assert [{"HTTPBearer": []}] == document["paths"]["/v1/summary"]["get"]["security"]


class TestSession:
    @pytest.fixture
    async def console(self, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
        """A service with pages: the token may come in a cookie."""
        guard = issuer.guard(POLICY, "/login")
        paged = type(guard)(guard.verifier, guard.policy, guard.open_paths, Session("session", "/login"))
        async with client_of(create_app("Console", [routes()], paged)) as client:
            yield client

    async def test_reads_the_cookie(self, console: httpx2.AsyncClient, issuer: Issuer) -> None:
        """A browser brings the token in its cookie."""
        cookie = {"Cookie": f"session={issuer.token(Role.COORDINATOR)}"}

        assert 200 == (await console.get("/v1/summary", headers=cookie)).status_code

    async def test_sends_a_reader_to_log_in(self, console: httpx2.AsyncClient) -> None:
        """A page without a session leads to the log-in; a program gets its 401."""
        page = await console.get("/v1/summary", headers={"Accept": "text/html"})
        program = await console.get("/v1/summary")

        assert (303, "/login", 401) == (page.status_code, page.headers["location"], program.status_code)

    @pytest.mark.parametrize(
        ("origin", "status"),
        [("http://service.example", 200), ("https://evil.example", 401), ("null", 401), (None, 401)],
    )
    async def test_changes_nothing_for_another_site(
        self, console: httpx2.AsyncClient, issuer: Issuer, origin: str | None, status: int
    ) -> None:
        """Another site can make a browser send our cookie, but not our Origin."""
        headers = {"Cookie": f"session={issuer.token(Role.COORDINATOR)}"}
        headers |= {"Origin": origin} if origin else {}

        answer = await console.post(f"/v1/cases/{OWN}/cancellation", headers=headers)
        assert status == answer.status_code


class TestEveryRouteIsGuarded:
    def test_refuses_a_route_without_a_permit(self, issuer: Issuer) -> None:
        """Forgetting the guard stops the service, however deep the router lies."""
        inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")

        @inner.get("/open")
        async def forgotten() -> None: ...

        outer.include_router(inner)
        with pytest.raises(Unguarded, match="/outer/inner/open"):
            create_app("Open", [outer], issuer.guard(POLICY))

    def test_refuses_a_permit_that_the_policy_does_not_know(self, issuer: Issuer) -> None:
        """A name that nobody is granted is a slip of the pen."""
        with pytest.raises(Unguarded, match="cancel"):
            create_app("Cases", [routes()], issuer.guard({"read": frozenset(), "summary": frozenset()}))

    @pytest.mark.parametrize("kind", ["mount", "route", "websocket"])
    def test_refuses_what_cannot_be_guarded(self, issuer: Issuer, kind: str) -> None:
        """Mounts, plain routes and sockets know no permit."""
        app = create_app("Cases", [routes()], issuer.guard(POLICY))
        _add(app, kind)

        with pytest.raises(Unguarded, match="/extra"):
            assert_every_route_guarded(app)

    def test_accepts_a_guard_on_the_router(self, issuer: Issuer) -> None:
        """One permit may guard a whole router."""
        router = APIRouter(prefix="/v1", dependencies=[permit("read")])

        @router.get("/list")
        async def listed() -> None: ...

        assert_every_route_guarded(create_app("Cases", [router], issuer.guard(POLICY)))

    def test_accepts_what_is_declared_open(self, issuer: Issuer) -> None:
        """An open path is a decision that stands in `app.py` for all to see."""
        router = APIRouter()

        @router.post("/v1/sms-callbacks")
        async def signed_otherwise() -> None: ...

        assert_every_route_guarded(create_app("Cases", [router], issuer.guard(POLICY, "/v1/sms-callbacks")))


class TestActor:
    @pytest.mark.parametrize(
        ("roles", "kind"),
        [
            ({Role.PATIENT}, "patient"),
            ({Role.INTERNAL, Role.OPERATOR}, "service"),
            ({Role.OFFICE}, "service"),
            ({Role.SPECIALIST}, "specialist"),
            ({Role.COORDINATOR}, "person"),
        ],
    )
    def test_names_the_caller_as_facts_do(self, roles: set[Role], kind: str) -> None:
        """A fact says what kind of caller recorded it, by an opaque subject."""
        actor = Caller("demo", "sam.sample", frozenset(roles)).actor

        assert Actor.model_validate({"kind": kind, "id": "sam.sample"}) == actor


def _add(app: FastAPI, kind: str) -> None:
    match kind:
        case "mount":
            app.mount("/extra", StaticFiles(directory=".", check_dir=False))
        case "route":
            app.add_route("/extra", _plain)
        case "websocket":
            app.add_api_websocket_route("/extra", _plain)


async def _plain(_request: Request) -> Response:
    return Response()
