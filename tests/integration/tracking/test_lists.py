"""Worklist and summary on a real database: what is on them, in which order, for whom, and by which index."""

import base64
import json
import math
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.tracking import store as tracks
from services.tracking.domain import RecordEnvelope
from services.tracking.views.worklist import Filters, Reader
from shared.contracts.authorization import AuthorizationSubmitted
from shared.contracts.envelope import Envelope, to_headers, topic_of
from shared.contracts.intake import ReferralClosed, ReferralFoundComplete
from shared.contracts.language import Owner
from shared.contracts.notifications import MessageSent
from shared.contracts.processing import ReferralParked
from shared.identity import Role
from shared.mongo import MongoStore, connect
from shared.ports import Record
from shared.settings import MongoSettings
from tests.unit.tracking.running import CONSOLE_URL, Running, running
from tests.unit.tracking.telling import BECAUSE, NOON, Telling, after, step

MINUTES_NOW = 119
PRIORITIES = ("routine", "stat", "urgent", "asap", "routine")
OWNERS: tuple[Owner, ...] = ("coordinator", "nurse", "clinician")


def referral(n: int, tenant: str = "demo") -> str:
    """The id of the nth referral."""
    letters = base64.b32encode(n.to_bytes(16, "big")).decode().lower().rstrip("=")
    return f"{tenant}-{letters}"


def received(n: int, tenant: str = "demo", **said: Any) -> tuple[Telling, RecordEnvelope]:
    """The nth referral waits for one of OWNERS, n / 2 hours after noon."""
    tell = Telling(referral(n, tenant))
    due = step("complete_referral", OWNERS[n % 3], n / 2, queue="coordination" if n % 2 else "intake")
    return tell, tell.received(due, priority=PRIORITIES[n % 5], **said)


@pytest.fixture
async def store(stack: Stack) -> AsyncIterator[MongoStore]:
    """A collection of our own on the real database."""
    client = connect(MongoSettings(uri=stack.mongo_uri))  # type: ignore[arg-type] # pydantic makes it a secret
    database = f"tracking_{secrets.token_hex(4)}"
    yield MongoStore(client, database, "tracks")
    await client.drop_database(database)
    client.close()


@pytest.fixture
async def tracking(tmp_path: Path, store: MongoStore) -> AsyncIterator[Running]:
    """Tracking on that collection, not quite two hours after noon."""
    async with running(tmp_path, MINUTES_NOW, lambda _collection: store) as found:
        yield found


async def read(tracking: Running, path: str, **asked: Any) -> Any:
    """What a coordinator reads."""
    async with tracking.person(Role.COORDINATOR) as http:
        answer = await http.get(path, params=asked)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def listed(tracking: Running, **asked: Any) -> list[str]:
    """The ids on the worklist, from all pages."""
    found, cursor = [], None
    while True:
        page = await read(tracking, "/v1/worklist", **asked, **({"cursor": cursor} if cursor else {}))
        found += [row["referral_id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


async def press(tracking: Running, act: str, referral_id: str) -> None:
    """Claim or release as a coordinator."""
    async with tracking.person(Role.COORDINATOR) as http:
        key = {"Idempotency-Key": secrets.token_hex(4)}
        assert 202 == (await http.post(f"/v1/worklist/{referral_id}/{act}", headers=key)).status_code


async def hear_all(tracking: Running, told: Sequence[RecordEnvelope]) -> None:
    """Have them told in some order."""
    await tracking.take_in(*Random(3).sample(told, len(told)))


class TestWorklist:
    async def test_the_earliest_due_goes_first(self, tracking: Running) -> None:
        """So what is overdue is on top."""
        await hear_all(tracking, [received(n)[1] for n in range(8)])

        page = await read(tracking, "/v1/worklist")

        assert [referral(n) for n in range(8)] == [row["referral_id"] for row in page["items"]]
        assert [True] * 4 + [False] * 4 == [row["next"]["is_overdue"] for row in page["items"]]

    async def test_goes_by_priority_when_asked(self, tracking: Running) -> None:
        """STAT, ASAP, urgent, routine; within each the earliest due."""
        await hear_all(tracking, [received(n)[1] for n in range(10)])

        expected = [referral(n) for n in (1, 6, 3, 8, 2, 7, 0, 4, 5, 9)]

        assert expected == await listed(tracking, sort="priority")

    @pytest.mark.parametrize("sort", ["due_at", "priority"])
    @pytest.mark.parametrize("limit", [1, 3, 10])
    async def test_pages_hold_everything_once(self, tracking: Running, sort: str, limit: int) -> None:
        """Also where due times are equal."""
        told = [received(n)[1] for n in range(8)]
        twins = [Telling(referral(n)).received(step("same", "nurse", 1), priority="urgent") for n in range(20, 24)]
        await hear_all(tracking, [*told, *twins])

        paged = await listed(tracking, sort=sort, limit=limit)

        assert await listed(tracking, sort=sort, limit=200) == paged
        assert 12 == len(set(paged)) == len(paged)

    @pytest.mark.parametrize(
        ("asked", "numbers"),
        [
            ({"owner": "nurse"}, [1, 4, 7]),
            ({"owner": ["nurse", "clinician"]}, [1, 2, 4, 5, 7]),
            ({"queue": "intake"}, [0, 2, 4, 6]),
            ({"queue": "intake", "owner": "nurse"}, [4]),
            ({"overdue": "true"}, [0, 1, 2, 3]),
            ({"overdue": "true", "owner": "coordinator"}, [0, 3]),
            ({"queue": ""}, list(range(8))),
        ],
    )
    async def test_is_narrowed(self, tracking: Running, asked: dict[str, Any], numbers: list[int]) -> None:
        """By owner, queue, and what is overdue; filters add up."""
        await hear_all(tracking, [received(n)[1] for n in range(8)])

        assert [referral(n) for n in numbers] == await listed(tracking, **asked)

    async def test_shows_ones_own(self, tracking: Running) -> None:
        """What this person claimed, as long as somebody must do something."""
        tells = [received(n) for n in range(4)]
        await hear_all(tracking, [told for _, told in tells])
        for n in (1, 2, 3):
            await press(tracking, "claim", referral(n))
        await press(tracking, "release", referral(2))
        await tracking.take_in(tells[3][0]("intake", ReferralClosed, outcome="completed"))

        assert [referral(1)] == await listed(tracking, mine="true")

    async def test_shows_what_is_parked_anywhere(self, tracking: Running) -> None:
        """In another service, in tracking after a story began, and in tracking before anything could be read."""
        tells = [received(n) for n in range(3)]
        await hear_all(tracking, [told for _, told in tells])
        parked = step("resolve_parked", "operator", 9)
        await tracking.take_in(tells[0][0]("scheduling", ReferralParked, parked, reason=BECAUSE))
        await self._spoil(tracking, referral(1), sequence=2)
        await self._spoil(tracking, referral(30), sequence=1)

        items = (await read(tracking, "/v1/worklist", parked="true"))["items"]

        expected = {referral(0): ["scheduling"], referral(1): ["tracking"], referral(30): ["tracking"]}
        assert expected == {row["referral_id"]: row["parked"] for row in items}
        assert {("resolve_parked", "operator")} == {(row["next"]["act"], row["next"]["owner"]) for row in items}
        assert sorted(expected) == sorted(await listed(tracking, parked="true", limit=1))

    async def test_leaves_out_what_nobody_waits_for(self, tracking: Running) -> None:
        """Closed referrals are done."""
        tell, told = received(1)
        await tracking.take_in(told, tell("intake", ReferralClosed, outcome="completed"))

        assert [] == await listed(tracking)

    @pytest.mark.parametrize("asked", [{}, {"mine": "true"}, {"parked": "true"}, {"sort": "priority"}])
    async def test_belongs_to_one_tenant(self, tracking: Running, asked: dict[str, str]) -> None:
        """Another tenant's referrals are on none of its lists, counts or sums."""
        tell, told = received(1, tenant="rival")
        await tracking.take_in(told, tell("scheduling", ReferralParked, step("x", "operator"), reason=BECAUSE))

        assert [] == await listed(tracking, **asked)
        assert 0 == (await read(tracking, "/v1/summary"))["referrals"]

    @pytest.mark.parametrize(
        "position",
        [
            ["due_at", {"$gt": ""}, "demo-a"],
            ["due_at", "2027", ["demo-a"]],
            ["due_at", "2027"],
            ["priority", 0, "2027", "demo-a"],
            [],
            {},
            7,
        ],
    )
    async def test_refuses_a_cursor_that_is_not_its_own(self, tracking: Running, position: Any) -> None:
        """Least of all one that would become part of a query."""
        forged = base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
        async with tracking.person(Role.COORDINATOR) as http:
            answers = [await http.get("/v1/worklist", params={"cursor": cursor}) for cursor in (forged, "%", "e30")]

        assert {422} == {answer.status_code for answer in answers}

    @pytest.mark.parametrize(
        "position",
        [
            ["priority", 2**63, "2027", "demo-a"],
            ["priority", -(2**64), "2027", "demo-a"],
            ["priority", 0, "\ud800", "demo-a"],
        ],
    )
    async def test_refuses_a_cursor_that_no_database_can_hold(self, tracking: Running, position: Any) -> None:
        """It is not one of ours either, and no failure of ours."""
        forged = base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
        async with tracking.person(Role.COORDINATOR) as http:
            answer = await http.get("/v1/worklist", params={"cursor": forged, "sort": "priority"})

        assert 422 == answer.status_code

    @staticmethod
    async def _spoil(tracking: Running, referral_id: str, sequence: int) -> None:
        envelope = Envelope("/demo/intake", referral_id, sequence, "org.throughline.referral.closed.v1", NOON)
        record = Record(referral_id.encode(), to_headers(envelope), b"not json")
        await tracking.world.bus.send(topic_of("intake"), tracking.world.bus.partition_of(referral_id), [record])
        await tracking.take_in(Telling(referral_id)("notifications", ReferralClosed, outcome="completed"))


class TestIndexes:
    @pytest.mark.parametrize(
        ("filters", "index"),
        [
            (Filters(), "worklist"),
            (Filters(owner=("coordinator", "nurse")), "worklist"),
            (Filters(overdue=True), "worklist"),
            (Filters(sort="priority"), "worklist"),
            (Filters(mine=True), "claimed"),
            (Filters(parked=True), "parked"),
        ],
    )
    async def test_every_list_reads_one(
        self, tracking: Running, store: MongoStore, filters: Filters, index: str
    ) -> None:
        """Neither the whole collection nor a sort in memory, except of the few that are claimed or parked."""
        await hear_all(tracking, [received(n)[1] for n in range(200)])
        reader = Reader(tracking.service.engine, store, "demo", "casey.coordinator", tracking.now())
        order = [(name, 1) for name in tracks.sort_fields(filters.sort)]

        plan = await store.documents.find(reader.query(filters)).sort(order).limit(51).explain()

        winner = json.dumps(plan["queryPlanner"]["winningPlan"], default=str)
        assert f'"indexName": "{index}"' in winner
        assert "COLLSCAN" not in winner
        assert "worklist" != index or '"stage": "SORT"' not in winner


class TestSummary:
    async def test_counts_by_state_outcome_and_payer(self, tracking: Running) -> None:
        """The sums agree: all are open or closed."""
        tells = [received(n) for n in range(5)]
        case: dict[str, Any] = {"case_id": "c", "request_id": "r", "payer": "sample-health", "urgency": "standard"}
        clock: dict[str, Any] = {"received_by_payer_at": NOON, "decision_due_at": after(60)}
        await hear_all(tracking, [told for _, told in tells])
        await tracking.take_in(
            tells[0][0](
                "authorization", AuthorizationSubmitted, step("await_payer_decision", "payer"), **case, **clock
            ),
            tells[1][0]("intake", ReferralClosed, outcome="completed"),
            tells[2][0]("intake", ReferralClosed, outcome="care_elsewhere"),
        )

        found = await read(tracking, "/v1/summary")

        assert (5, 3, 2) == (found["referrals"], found["open"], found["closed"])
        assert [
            {"state": "closed", "outcome": "care_elsewhere", "payer": None, "count": 1},
            {"state": "closed", "outcome": "completed", "payer": None, "count": 1},
            {"state": "received", "outcome": None, "payer": None, "count": 2},
            {"state": "received", "outcome": None, "payer": "sample-health", "count": 1},
        ] == found["by_state"]

    async def test_says_where_it_waits(self, tracking: Running) -> None:
        """By act and owner: how many, how many of them overdue, and the earliest due time."""
        tells = [received(n) for n in range(8)]
        await hear_all(tracking, [told for _, told in tells])
        call = step("call_patient", "nurse", 1)
        await tracking.take_in(tells[7][0]("notifications", MessageSent, call, **_message()))
        await tracking.take_in(tells[7][0]("intake", ReferralClosed, outcome="patient_declined"))

        found = (await read(tracking, "/v1/summary"))["waits_for"]

        counted = [tuple(w[k] for k in ("owner", "act", "count", "of_closed", "overdue")) for w in found]
        assert [
            ("coordinator", "complete_referral", 3, 0, 2),
            ("clinician", "complete_referral", 2, 0, 1),
            ("nurse", "complete_referral", 2, 0, 1),
            ("nurse", "call_patient", 1, 1, 1),
        ] == counted
        assert "2027-03-01T12:00:00Z" == found[0]["earliest_due_at"]

    async def test_counts_every_open_task(self, tracking: Running) -> None:
        """A second task of a service counts as the first does; what waits is counted once by referral."""
        (one, told), (_, other) = received(1), received(2)
        both = step("deliver_report", "coordinator", 3), step("review_change", "nurse", 1)
        await hear_all(tracking, [told, other, one("intake", ReferralFoundComplete, both)])

        found = await read(tracking, "/v1/summary")

        assert (3, 2) == (found["tasks"], sum(waits["count"] for waits in found["waits_for"]))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("state", None),
            ("state", "text"),
            ("state.progress", -1),
            ("state.standing", []),
            ("state.standing.situation", 7),
            ("state.standing.next", {"a": None}),
            ("state.standing.urgency", "text"),
            ("state.standing.next.due_at", 1.5),
            ("state.standing.next.due_at", "text"),
            ("state.standing.tasks", "text"),
            ("state.progress.payer", b"x"),
            ("state.standing.next.act", None),
        ],
    )
    async def test_and_worklist_go_on_beside_what_somebody_spoiled(
        self, tracking: Running, store: MongoStore, path: str, value: Any
    ) -> None:
        """One track that nobody can read takes no page from all others."""
        await hear_all(tracking, [received(n)[1] for n in range(5)])
        await store.documents.update_one({"_id": referral(1)}, {"$set": {path: value}})

        found, rows = await read(tracking, "/v1/summary"), await listed(tracking)

        others = {referral(n) for n in range(5) if n != 1}
        assert 4 <= found["referrals"] <= 5
        assert others <= {*rows} <= {*others, referral(1)}

    async def test_measures_the_time_until_patients_are_told(self, tracking: Running) -> None:
        """By nearest rank over all who were told, and nothing where nobody was."""
        before = (await read(tracking, "/v1/summary"))["time_to_told"]
        minutes = [7, 90, 30, 61, 2, 45, 300, 15, 22, 1000, 3]
        tells = [received(n) for n in range(len(minutes) + 1)]
        await hear_all(tracking, [told for _, told in tells])
        for (tell, _), at in zip(tells, minutes, strict=False):
            await tracking.take_in(tell("notifications", MessageSent, minutes=at, **_message()))

        found = (await read(tracking, "/v1/summary"))["time_to_told"]

        ranked = sorted(minutes)
        p50, p90 = (ranked[math.ceil(share * len(ranked)) - 1] * 60 for share in (0.5, 0.9))
        assert {"count": 0, "p50_s": None, "p90_s": None, "max_s": None} == before
        assert {"count": 11, "p50_s": p50, "p90_s": p90, "max_s": 60_000} == found


class TestPages:
    @pytest.mark.parametrize("path", ["/?sort=due_at", "/?sort=priority&owner=nurse&owner=clinician", "/overview"])
    @pytest.mark.parametrize("n", [0, 60])
    async def test_show_lists_of_any_length(self, tracking: Running, path: str, n: int) -> None:
        """Nothing inline, no id twice, empty or full."""
        await hear_all(tracking, [received(number)[1] for number in range(n)])
        async with tracking.browser(Role.COORDINATOR) as browser:
            answer = await browser.get(path)

        ids = re.findall(r'\sid="([^"]*)"', answer.text)
        assert 200 == answer.status_code
        assert sorted(set(ids)) == sorted(ids)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)", answer.text)

    async def test_a_worklist_is_a_table_that_can_be_read_aloud(self, tracking: Running) -> None:
        """Caption, column and row headers, and the order that it is in."""
        await hear_all(tracking, [received(n)[1] for n in range(3)])
        async with tracking.browser(Role.COORDINATOR) as browser:
            text = (await browser.get("/?sort=due_at")).text

        assert "<caption" in text
        assert 7 == text.count('scope="col"')
        assert 3 == text.count('scope="row"')
        assert ["ascending", "none"] == re.findall(r'aria-sort="(\w+)"', text)

    async def test_who_may_only_read_gets_no_buttons(self, tracking: Running) -> None:
        """The server would refuse them."""
        await tracking.take_in(received(3)[1])
        async with tracking.browser(Role.PRIVACY_OFFICER) as browser:
            text = (await browser.get("/?sort=due_at")).text

        assert f'href="/referrals/{referral(3)}"' in text
        assert "/claim" not in text

    async def test_claiming_goes_on_with_the_same_list(self, tracking: Running) -> None:
        """The row is there again, with the way to release it."""
        await tracking.take_in(received(3)[1])
        async with tracking.browser(Role.COORDINATOR) as browser:
            browser.headers["Origin"] = CONSOLE_URL
            form = {"version": "1", "back": "owner=coordinator&sort=due_at"}
            answer = await browser.post(f"/referrals/{referral(3)}/claim", data=form, follow_redirects=True)

        assert "owner=coordinator" in str(answer.url)
        assert f'action="/referrals/{referral(3)}/release"' in answer.text

    async def test_the_next_page_goes_on_where_this_one_ends(self, tracking: Running) -> None:
        """By a link that carries the filters."""
        await hear_all(tracking, [received(n)[1] for n in range(60)])
        async with tracking.browser(Role.COORDINATOR) as browser:
            first = (await browser.get("/?sort=due_at")).text
            [link] = re.findall(r'rel="next" href="([^"]*)"', first)
            second = (await browser.get(link.replace("&amp;", "&"))).text

        shown = [re.findall(r'id="open-([^"]*)"', text) for text in (first, second)]
        assert [*shown[0], *shown[1]] == [referral(n) for n in range(60)]
        assert [50, 10] == [len(ids) for ids in shown]


def _message() -> dict[str, Any]:
    return {"message_id": "m", "kind": "visit_booked", "about": "v", "attempt": 1, "medium": "sms"}
