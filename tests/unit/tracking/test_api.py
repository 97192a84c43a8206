"""Tracking's API: one referral, its timeline, and what people do on the worklist."""

import json
from typing import Any

import httpx2
import pytest

from services.tracking.views.timeline import BATCH
from shared.contracts.envelope import Envelope, to_headers, topic_of
from shared.contracts.intake import ReferralClosed, ReferralFoundComplete
from shared.contracts.scheduling import VisitMissed
from shared.identity import Role
from shared.ports import Record
from tests.unit.tracking.running import Running
from tests.unit.tracking.telling import NOON, REFERRAL, Telling, journey, step

ACTS = {"claim": b"", "release": b"", "note": b'{"code": "left_message"}'}
UNHEARD = "demo-zzzzzzzzzzzzzzzzzzzzzzzzzz"
OTHERS = "rival-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
async def received(tracking: Running) -> Running:
    """A referral that waits for a coordinator, due an hour ago."""
    await tracking.take_in(Telling().received(step("complete_referral", "coordinator", 1)))
    return tracking


async def press(
    tracking: Running, act: str, *roles: Role, key: str | None = "k1", referral_id: str = REFERRAL, **who: str
) -> httpx2.Response:
    """Send one of ACTS."""
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    async with tracking.person(*(roles or (Role.COORDINATOR,)), **who) as http:
        return await http.post(f"/v1/worklist/{referral_id}/{act}", content=ACTS[act], headers=headers)


async def get(tracking: Running, path: str, *roles: Role) -> httpx2.Response:
    """Read."""
    async with tracking.person(*(roles or (Role.COORDINATOR,))) as http:
        return await http.get(path)


class TestReferral:
    async def test_says_where_it_stands(self, received: Running) -> None:
        """State, next act and what the caller may do; the version is the entity tag."""
        answer = await get(received, f"/v1/referrals/{REFERRAL}")

        row = answer.json()["row"]
        assert ("received", "routine", None) == (row["state"], row["priority"], row["payer"])
        assert {
            "service": "intake",
            "act": "complete_referral",
            "owner": "coordinator",
            "queue": "coordination",
            "due_at": "2027-03-01T13:00:00Z",
            "is_overdue": True,
        } == row["next"]
        assert ["claim", "note"] == answer.json()["allowed"]
        assert '"1"' == answer.headers["etag"]

    async def test_shows_that_tracking_itself_could_not_take_something_in(self, received: Running) -> None:
        """Then an operator owns the next act, whatever the story said so far."""
        envelope = Envelope(f"/demo/{'intake'}", REFERRAL, 2, "org.throughline.referral.closed.v1", NOON)
        record = Record(REFERRAL.encode(), to_headers(envelope), b"not json")
        await received.world.bus.send(topic_of("intake"), received.world.bus.partition_of(REFERRAL), [record])
        await received.take_in(Telling()("scheduling", ReferralClosed, outcome="completed"))

        row = (await get(received, f"/v1/referrals/{REFERRAL}")).json()["row"]

        assert ["tracking"] == row["parked"]
        assert ("tracking", "resolve_parked", "operator") == tuple(row["next"][k] for k in ("service", "act", "owner"))

    @pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.SUBSCRIBER])
    async def test_offers_nothing_to_who_may_only_read(self, received: Running, role: Role) -> None:
        """A button that the server would refuse is not there."""
        assert [] == (await get(received, f"/v1/referrals/{REFERRAL}", role)).json()["allowed"]

    @pytest.mark.parametrize("path", ["", "/timeline"])
    @pytest.mark.parametrize("referral_id", [UNHEARD, OTHERS, "nonsense"])
    async def test_answers_alike_what_is_not_there_and_what_belongs_to_others(
        self, received: Running, referral_id: str, path: str
    ) -> None:
        """Nobody learns whether another tenant has a referral."""
        answer = await get(received, f"/v1/referrals/{referral_id}{path}")

        assert 404 == answer.status_code

    async def test_shows_every_open_task_in_its_order(self, tracking: Running) -> None:
        """Also the second of a service: the row has the first of all, the page lists the others."""
        tell = Telling()
        both = step("deliver_report", "coordinator", 48), step("review_change", "nurse", 8)
        await tracking.take_in(tell.received(), tell("intake", ReferralFoundComplete, both))
        await tracking.take_in(
            tell("scheduling", VisitMissed, step("attend_visit", "patient", 1), visit_id="v", count=1)
        )

        found = (await get(tracking, f"/v1/referrals/{REFERRAL}")).json()
        timeline = (await get(tracking, f"/v1/referrals/{REFERRAL}/timeline")).json()

        assert ["review_change", "deliver_report", "attend_visit"] == [task["act"] for task in found["tasks"]]
        assert found["tasks"][0] == found["row"]["next"]
        assert ["deliver_report", "review_change"] == [task["act"] for task in timeline["facts"][1]["tasks"]]


class TestTimeline:
    async def test_tells_everything_in_order(self, tracking: Running) -> None:
        """By time, then source, then sequence, whatever order it came in; the ledger is whole."""
        stories = journey()
        await tracking.take_in(*stories["notifications"], *stories["scheduling"], *stories["intake"])
        await tracking.take_in(*stories["authorization"])

        found = (await get(tracking, f"/v1/referrals/{REFERRAL}/timeline")).json()

        told = [(fact["service"], fact["sequence"]) for fact in found["facts"]]
        expected = sorted(
            (fact.envelope for story in stories.values() for fact in story),
            key=lambda envelope: (envelope.time, envelope.source, envelope.sequence),
        )
        assert [(envelope.service, envelope.sequence) for envelope in expected] == told
        assert found["is_whole"] is True

    @pytest.mark.parametrize("limit", [1, 2, 7])
    async def test_comes_in_pages(self, tracking: Running, limit: int) -> None:
        """Together they are all of it, once each; the first says whether the ledger is whole."""
        for story in journey().values():
            await tracking.take_in(*story)
        path = f"/v1/referrals/{REFERRAL}/timeline"
        whole = (await get(tracking, path)).json()

        pages = [(await get(tracking, f"{path}?limit={limit}")).json()]
        while pages[-1]["next"]:
            pages.append((await get(tracking, f"{path}?limit={limit}&cursor={pages[-1]['next']}")).json())

        assert whole["facts"] == [fact for page in pages for fact in page["facts"]]
        assert (True, None) == (whole["is_whole"], whole["next"])
        assert [True, *[None] * (len(pages) - 1)] == [page["is_whole"] for page in pages]
        assert -(-len(whole["facts"]) // limit) == len(pages)

    @pytest.mark.parametrize("cursor", ["nonsense", "e30", "WzEsMiwzXQ", "WyJhIiwiYiIsIjEiXQ", "WyJhIiwiYiIse31d"])
    async def test_refuses_a_cursor_that_is_not_ours(self, received: Running, cursor: str) -> None:
        """What comes from outside becomes part of a query only as plain values."""
        answer = await get(received, f"/v1/referrals/{REFERRAL}/timeline?cursor={cursor}")

        assert 422 == answer.status_code

    async def test_is_whole_however_long_it_is(self, tracking: Running) -> None:
        """A long story is no broken one, and is still read as a whole: a change far down is found."""
        tell = Telling()
        await tracking.take_in(tell.received(), *(tell("intake", ReferralFoundComplete) for _ in range(BATCH + 20)))
        path = f"/v1/referrals/{REFERRAL}/timeline?limit=2"
        before = (await get(tracking, path)).json()["is_whole"]
        rows: dict[str, Any] = tracking.world.disk.rows["tracks"]
        key = f"intake|{REFERRAL}|{BATCH + 3}"
        rows[key] = rows[key].replace(b"service", b"sErvice")

        assert (True, False) == (before, (await get(tracking, path)).json()["is_whole"])

    async def test_says_of_each_fact_who_why_and_what_next(self, received: Running) -> None:
        """And leaves the seals where they are."""
        [fact] = (await get(received, f"/v1/referrals/{REFERRAL}/timeline")).json()["facts"]

        assert {"kind": "service", "id": "intake"} == fact["recorded_by"]
        assert "complete_referral" == fact["tasks"][0]["act"]
        assert "routine" == fact["said"]["priority"]
        assert "seals" not in fact["said"]

    async def test_finds_a_ledger_that_was_changed(self, received: Running) -> None:
        """One changed byte in the database shows."""
        rows: dict[str, Any] = received.world.disk.rows["tracks"]
        [(key, raw)] = rows.items()
        rows[key] = raw.replace(b"pt-sample", b"pt-simple")

        found = (await get(received, f"/v1/referrals/{REFERRAL}/timeline")).json()

        assert found["is_whole"] is False


class TestClaim:
    async def test_takes_it_on(self, received: Running) -> None:
        """202, and the version that holds it."""
        answer = await press(received, "claim")

        assert (202, '"2"') == (answer.status_code, answer.headers["etag"])
        assert {"referral_id": REFERRAL, "version": 2} == answer.json()
        row = (await get(received, f"/v1/referrals/{REFERRAL}")).json()["row"]
        assert "casey.coordinator" == row["claimed_by"]

    async def test_answers_a_retry_as_the_first_time(self, received: Running) -> None:
        """Although it was released in between, the same key is the same claim."""
        first = await press(received, "claim", key="k1")
        await press(received, "release", key="k2")

        assert first.json() == (await press(received, "claim", key="k1")).json()
        row = (await get(received, f"/v1/referrals/{REFERRAL}")).json()["row"]
        assert row["claimed_by"] is None

    async def test_refuses_what_somebody_else_has(self, received: Running) -> None:
        """409, and a sentence that says so."""
        await press(received, "claim")

        answer = await press(received, "claim", subject="nora.nurseworth")

        assert (409, "claimed") == (answer.status_code, answer.json()["code"])


class TestRelease:
    async def test_is_for_the_holder_and_for_leads(self, received: Running) -> None:
        """A colleague is refused, a lead is not."""
        await press(received, "claim")

        refused = await press(received, "release", Role.NURSE, subject="nora.nurseworth")
        released = await press(received, "release", Role.LEAD, subject="lee.leadwell")

        assert (409, 202) == (refused.status_code, released.status_code)


class TestNote:
    async def test_is_kept(self, received: Running) -> None:
        """What, who, when; a retry adds none."""
        await press(received, "note")
        await press(received, "note")

        notes = (await get(received, f"/v1/referrals/{REFERRAL}")).json()["notes"]

        assert [("left_message", "casey.coordinator")] == [(note["code"], note["by"]) for note in notes]

    async def test_refuses_prose(self, received: Running) -> None:
        """Free text is where patient data appears; it is refused, and not repeated."""
        prose = json.dumps({"code": "Jane Invented was upset"})
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        async with received.person(Role.COORDINATOR) as http:
            answer = await http.post(f"/v1/worklist/{REFERRAL}/note", content=prose, headers=headers)

        assert 422 == answer.status_code
        assert "Jane" not in answer.text


class TestEveryAct:
    @pytest.mark.parametrize("act", ACTS)
    async def test_needs_an_idempotency_key(self, received: Running, act: str) -> None:
        """Without one, a retry could not be told from a second request."""
        assert 400 == (await press(received, act, key=None)).status_code
