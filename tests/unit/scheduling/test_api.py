"""Scheduling's doors over HTTP: who may do what, what is refused, and what is answered twice alike."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from services.scheduling.domain import ChooseProvider
from services.scheduling.gateways import visit_id
from shared.engine import CommandEnvelope
from shared.identity import Role
from tests.unit.scheduling.placing import DAY, FAR, say
from tests.unit.scheduling.running import Running
from tests.unit.scheduling.test_journey import ELSEWHERE, SHIPPED, is_booked, referral, tell_end, tell_leave, tell_order

REASON = {"system": "throughline", "code": "invented"}
STRANGE = "Jamie Surname, 1970-01-01"


async def send(
    scheduling: Running, name: str, path: str, content: Any, *roles: Role, key: str | None = "k1", tenant: str = "demo"
) -> httpx2.Response:
    """Post as a coordinator, unless other roles are given."""
    headers = {"Idempotency-Key": key} if key else {}
    async with scheduling.client(*(roles or (Role.COORDINATOR,)), tenant=tenant) as http:
        return await http.post(f"/v1/placements/{name}/{path}", json=content, headers=headers)


async def get(scheduling: Running, name: str, *roles: Role, tenant: str = "demo") -> httpx2.Response:
    """Read as a coordinator, unless other roles are given."""
    async with scheduling.client(*(roles or (Role.COORDINATOR,)), tenant=tenant) as http:
        return await http.get(f"/v1/placements/{name}")


@pytest.fixture
async def booked(scheduling: Running) -> str:
    """A referral with a visit that its office knows of."""
    name = await tell_order(scheduling)
    await tell_leave(scheduling, name)
    await scheduling.until_placed(name, is_booked)
    await scheduling.until_alive(name, "appointment:1")
    return name


@pytest.fixture
async def asked(scheduling: Running) -> str:
    """A referral that an office has been asked about."""
    name = await tell_order(scheduling, ELSEWHERE, priority="routine")
    await scheduling.until_alive(name, "office_request:1")
    return name


class TestRead:
    async def test_says_where_it_stands(self, scheduling: Running, booked: str) -> None:
        """State, provider, visits, step, and what the caller may do; no seal."""
        answer = await get(scheduling, booked)
        shown = answer.json()

        assert ("booked", "attend_visit") == (shown["state"], shown["tasks"][0]["act"])
        assert [(visit_id(booked, 1), "booked")] == [(v["visit_id"], v["fate"]) for v in shown["visits"]]
        assert ["book_visit", "cancel_visit", "choose_provider"] == shown["allowed"]
        assert f'"{shown["version"]}"' == answer.headers["etag"]
        assert b"eyJ" not in answer.content

    async def test_shows_each_caller_what_it_may_do(self, scheduling: Running, booked: str) -> None:
        """An office books, cancels and says what became of it, and chooses nobody."""
        assert ["book_visit", "cancel_visit"] == (await get(scheduling, booked, Role.OFFICE)).json()["allowed"]

    async def test_knows_nothing_of_an_order_that_is_not_there_yet(self, scheduling: Running) -> None:
        """Authorization may be heard before intake: then there is nothing to show."""
        await tell_leave(scheduling, referral(7))
        await scheduling.until_placed(referral(7), lambda p: p.leave.is_not_required)

        assert 404 == (await get(scheduling, referral(7))).status_code


class TestAnswer:
    async def test_takes_an_offices_word(self, scheduling: Running, asked: str) -> None:
        """Accepted, by the office itself, under the id that it was asked under; once more is the same."""
        request_id = (await get(scheduling, asked)).json()["provider"]["request_id"]
        content = {"request_id": request_id, "accepted": True}
        answers = [await send(scheduling, asked, "answer", content, Role.SPECIALIST, key=None) for _ in range(2)]

        assert [202, 202] == [answer.status_code for answer in answers]
        assert "waiting_for_authorization" == (await get(scheduling, asked)).json()["state"]

    async def test_refuses_a_second_yes_once_another_is_asked(self, scheduling: Running, asked: str) -> None:
        """Yes, no, yes: the last is no repetition of the first, and must not look like a promise of ours."""
        request_id = (await get(scheduling, asked)).json()["provider"]["request_id"]
        answers = [
            await send(
                scheduling, asked, "answer", {"request_id": request_id, "accepted": says}, Role.SPECIALIST, key=None
            )
            for says in (True, False, True)
        ]

        assert [202, 202, 409] == [answer.status_code for answer in answers]
        assert "request-withdrawn" == answers[-1].json()["code"]

    async def test_refuses_a_request_that_was_never_made(self, scheduling: Running, asked: str) -> None:
        """Only what was asked can be answered."""
        content = {"request_id": "somebody-elses", "accepted": True}

        assert 404 == (await send(scheduling, asked, "answer", content, Role.SPECIALIST)).status_code


class TestProvider:
    async def test_is_chosen_from_the_directory(self, scheduling: Running, booked: str) -> None:
        """The visit at the other one is given back."""
        other = next(p for p in SHIPPED.providers if not p.is_in_house)
        answer = await send(
            scheduling, booked, "provider", {"provider_ref": other.provider_ref, "site_ref": other.site_ref}
        )

        assert 202 == answer.status_code
        shown = (await get(scheduling, booked)).json()
        assert (shown["state"], shown["provider"]["provider_ref"]) == ("asked", other.provider_ref)
        assert ["cancelled"] == [visit["fate"] for visit in shown["visits"]]

    async def test_refuses_whom_the_directory_does_not_know(self, scheduling: Running, booked: str) -> None:
        """Nobody is sent to an address that nobody has."""
        answer = await send(scheduling, booked, "provider", {"provider_ref": "pr-x", "site_ref": "st-x"})

        assert (409, "provider-unknown") == (answer.status_code, answer.json()["code"])

    async def test_wants_an_idempotency_key(self, scheduling: Running, booked: str) -> None:
        """Nothing in the body names the request."""
        content = {"provider_ref": "pr-x", "site_ref": "st-x"}

        assert 400 == (await send(scheduling, booked, "provider", content, key=None)).status_code


class TestBooking:
    async def test_moves_a_visit(self, scheduling: Running, booked: str) -> None:
        """The old one stands until the new one holds."""
        start = (scheduling.now() + 10 * DAY).replace(microsecond=0)
        answer = await send(scheduling, booked, "booking", {"start": start.isoformat(), "booked_by": "patient"})
        moved = await scheduling.until_placed(booked, lambda p: len(p.visits) == 2)

        assert 202 == answer.status_code
        assert [
            ("moved", visit_id(booked, 1)),
            ("booked", visit_id(booked, 2)),
        ] == [(visit.fate, visit.visit_id) for visit in moved.visits]

    @pytest.mark.parametrize("start", ["9999-12-31T23:59:00-12:00", "0001-01-01T00:00:00+12:00"])
    async def test_refuses_a_time_that_no_calendar_has(self, scheduling: Running, booked: str, start: str) -> None:
        """By the clock of another zone, the day does not exist."""
        answer = await send(scheduling, booked, "booking", {"start": start, "booked_by": "own"})

        assert (422, "invalid") == (answer.status_code, answer.json()["code"])

    async def test_refuses_what_is_over(self, scheduling: Running, booked: str) -> None:
        """Nothing is booked for a cancelled referral."""
        await tell_end(scheduling, booked)
        await scheduling.until_placed(booked, lambda p: p.ended)
        start = (scheduling.now() + DAY).isoformat()
        answer = await send(scheduling, booked, "booking", {"start": start, "booked_by": "own"})

        assert (409, "placement-over") == (answer.status_code, answer.json()["code"])

    async def test_refuses_when_nobody_was_chosen(self, scheduling: Running) -> None:
        """Without a provider there is no time of anybody's."""
        name = await tell_order(scheduling, 3, pathway="pw-unheard")
        await scheduling.until_placed(name, lambda p: p.is_complete)
        answer = await send(scheduling, name, "booking", {"start": "2026-02-10T10:00:00Z", "booked_by": "own"})

        assert (409, "provider-not-chosen") == (answer.status_code, answer.json()["code"])


class TestVisitCancellation:
    async def test_is_done_once(self, scheduling: Running, booked: str) -> None:
        """The same cancellation again is the same cancellation."""
        content = {"visit_id": visit_id(booked, 1), "reason": REASON}
        answers = [await send(scheduling, booked, "visit-cancellation", content, key=None) for _ in range(2)]

        assert [202, 202] == [answer.status_code for answer in answers]
        assert "cancelled" == (await scheduling.placement(booked)).visits[0].fate


class TestAppointment:
    async def test_settles_what_a_program_could_not_call_off(self, scheduling: Running, booked: str) -> None:
        """The office hears of the new visit though it keeps the old one, which a person then calls off."""
        content = {"visit_id": visit_id(booked, 1)}
        assert 202 == (await send(scheduling, booked, "appointment", content, key=None)).status_code
        scheduling.offices.gives_back = False
        start = (scheduling.now() + 10 * DAY).replace(microsecond=0)
        await send(scheduling, booked, "booking", {"start": start.isoformat(), "booked_by": "patient"})
        await scheduling.until_all([booked], lambda p: p.is_handed("call_off_appointment", visit_id(booked, 1)))
        await scheduling.until_it_comes_to(
            lambda: any(visit_id(booked, 2) in path for path in scheduling.offices.taken)
        )

        assert "call_off_appointment" == (await get(scheduling, booked)).json()["tasks"][0]["act"]
        assert 202 == (await send(scheduling, booked, "appointment", content, key=None)).status_code
        assert "attend_visit" == (await get(scheduling, booked)).json()["tasks"][0]["act"]


class TestOutcome:
    async def test_is_recorded_once(self, scheduling: Running, booked: str) -> None:
        """An office may tell it twice."""
        scheduling.pass_time(2 * DAY)
        content = {"visit_id": visit_id(booked, 1), "outcome": "fulfilled", "evidence_ref": "office-1"}
        roles = (Role.SPECIALIST,)
        answers = [await send(scheduling, booked, "outcome", content, *roles, key=None) for _ in range(2)]

        assert [202, 202] == [answer.status_code for answer in answers]
        assert "fulfilled" == (await get(scheduling, booked)).json()["state"]

    async def test_is_refused_before_the_visit(self, scheduling: Running, booked: str) -> None:
        """What lies ahead has no outcome."""
        content = {"visit_id": visit_id(booked, 1), "outcome": "missed", "evidence_ref": "office-1"}
        answer = await send(scheduling, booked, "outcome", content)

        assert (409, "visit-not-begun") == (answer.status_code, answer.json()["code"])


class TestAnOfficeChosenNow:
    """The first visit was at an office of the party `near`; somebody of `far` has the referral now."""

    @pytest.fixture
    async def fays(self, scheduling: Running, booked: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A client of Fay's, to whose office the referral went after the visit was missed."""
        scheduling.pass_time(2 * DAY)
        missed = {"visit_id": visit_id(booked, 1), "outcome": "missed", "evidence_ref": "office-1"}
        assert 202 == (await send(scheduling, booked, "outcome", missed, key=None)).status_code
        chosen = say(ChooseProvider, scheduling.now(), candidate=FAR)
        await scheduling.service.execute(CommandEnvelope(key=booked, id="chosen", command=chosen))
        async with scheduling.client(Role.SPECIALIST) as http:
            http.headers.update(scheduling.issuer.headers(Role.SPECIALIST, subject="fay.faraway"))
            yield http

    async def test_sees_no_visit_of_the_office_before(self, booked: str, fays: httpx2.AsyncClient) -> None:
        """Nor that anything could be done about it."""
        shown = (await fays.get(f"/v1/placements/{booked}")).json()

        assert ("pr-far", []) == (shown["provider"]["provider_ref"], shown["visits"])
        assert not {"cancel_visit", "record_outcome"} & set(shown["allowed"])

    @pytest.mark.parametrize(
        ("path", "more"),
        [("visit-cancellation", {"reason": REASON}), ("outcome", {"outcome": "fulfilled", "evidence_ref": "office-2"})],
    )
    async def test_is_refused_what_is_about_that_visit(
        self, booked: str, fays: httpx2.AsyncClient, path: str, more: dict[str, Any]
    ) -> None:
        """As about a visit that is not there."""
        answers = [
            await fays.post(f"/v1/placements/{booked}/{path}", json={"visit_id": named, **more})
            for named in (visit_id(booked, 1), "visit-unheard")
        ]

        assert [404, 404] == [answer.status_code for answer in answers]
        assert answers[0].json() == answers[1].json()


class TestEveryRoute:
    BODIES = (
        ("answer", {"request_id": "r", "accepted": True}),
        ("provider", {"provider_ref": "p", "site_ref": "s"}),
        ("booking", {"start": "2026-02-10T10:00:00Z", "booked_by": "own"}),
        ("visit-cancellation", {"visit_id": "v", "reason": REASON}),
        ("outcome", {"visit_id": "v", "outcome": "missed", "evidence_ref": "e"}),
        ("appointment", {"visit_id": "v"}),
    )

    @pytest.mark.parametrize(("path", "content"), BODIES)
    async def test_echoes_nothing(self, scheduling: Running, booked: str, path: str, content: Any) -> None:
        """Whatever is wrong, a problem says where and never what."""
        wrong = {**content, STRANGE: STRANGE, next(iter(content)): STRANGE}
        answer = await send(scheduling, booked, path, wrong)

        assert 422 == answer.status_code
        assert STRANGE not in answer.text

    async def test_refuses_a_stale_version(self, scheduling: Running, booked: str) -> None:
        """Who decides on what has changed since, decides anew."""
        content = {"visit_id": visit_id(booked, 1), "reason": REASON}
        async with scheduling.client(Role.COORDINATOR) as http:
            answer = await http.post(
                f"/v1/placements/{booked}/visit-cancellation", json=content, headers={"If-Match": '"1"'}
            )

        assert 412 == answer.status_code
