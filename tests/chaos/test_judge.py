"""The outside judge: what it accepts and finds in small histories, and in those of clerks at a faulty service."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from deploy.local.tools import Lacking
from deploy.platform import registry
from deploy.platform.addresses import Addresses
from deploy.platform.keys import write_state
from services.scheduling.domain import calendar_day
from services.scheduling.domain.state import Reserving
from services.scheduling.store import PLACEMENTS
from shared.engine import CommandEnvelope
from shared.identity import Role
from tests.chaos.calling import Caller, read
from tests.chaos.clerks import CLERKS, Clerks
from tests.chaos.history import FORM, History
from tests.chaos.judging import Verdict, judge_in, judged
from tests.unit.scheduling.placing import DAY
from tests.unit.scheduling.running import Running, running
from tests.unit.scheduling.test_journey import is_booked, tell_leave, tell_order

REFERRAL, PLACEMENT = "intake/demo-one", "scheduling/demo-one"
UNKNOWN: Mapping[str, Any] = {"outcome": "unknown", "status": 0, "version": 0}
REFUSED: Mapping[str, Any] = {"outcome": "refused", "status": 412, "version": 0}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The judge, built."""
    try:
        return judge_in(tmp_path_factory.mktemp("judge"))
    except Lacking as lacking:
        pytest.skip(f"histories are judged by a program in Go: {lacking} ({lacking.remedy})")


def call(op: str, within: tuple[int, int], document: str = REFERRAL, **more: Any) -> dict[str, Any]:
    """A call that was answered, at these instants, by a process of its own."""
    began, ended = within
    told = {"process": began, "request": f"{op}-{began}", "document": document, "op": op, "version": 1}
    return {**told, "invoked_ns": began, "returned_ns": ended, "outcome": "ok", "status": 200, **more}


def shown(visit: str, fate: str, starts: str = "09:00", ends: str = "09:30") -> dict[str, str]:
    """A visit at one provider's, on one day."""
    times = {"starts_at": f"2026-03-02T{starts}:00Z", "ends_at": f"2026-03-02T{ends}:00Z"}
    return {"visit_id": visit, "provider_ref": "pr-one", **times, "fate": fate}


def history(*calls: Mapping[str, Any]) -> str:
    """A whole history of these calls."""
    return "".join(f"{json.dumps(line)}\n" for line in ({"history": FORM}, *calls, {"calls": len(calls)}))


def verdict(judge: Path, told: str) -> Verdict:
    """What the judge says of a history."""
    file = judge.with_name("history.ndjson")
    file.write_text(told)
    return judged(judge, file)


ONE = "scheduling/demo-one", "scheduling/demo-two"
GOOD: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "an order, a change of it, and what is read then": (
        call("order", (1, 2)),
        call("read", (3, 4), version=2),
        call("cancel", (5, 6), if_match=2, version=3),
        call("read", (7, 8), version=5, is_ended=True),
    ),
    "two rivals, of whom one is refused": (
        call("read", (1, 2), version=2),
        call("cancel", (3, 6), if_match=2, version=3),
        call("cancel", (4, 5), if_match=2, **REFUSED),
    ),
    "a change that nobody knows of, and that was made": (
        call("cancel", (1, 2), if_match=4, **UNKNOWN),
        call("read", (5, 6), version=5, is_ended=True),
    ),
    "a change that nobody knows of, and that was never made": (
        call("cancel", (1, 2), if_match=4, **UNKNOWN),
        call("read", (5, 6), version=4),
    ),
    "one that is asked for again, and had been made the first time": (
        call("cancel", (1, 2), request="c", if_match=4, **UNKNOWN),
        call("read", (3, 4), version=5, is_ended=True),
        call("cancel", (5, 6), request="c", if_match=4, version=5),
    ),
    "a visit whose time another has when it is given up": (
        call("read", (1, 2), ONE[0], visits=[shown("v1", "booked")]),
        call("give_up", (3, 4), ONE[0], visit_id="v1", version=2),
        call("read", (5, 6), ONE[1], visits=[shown("v2", "booked", "09:15", "09:45")]),
        call("read", (7, 8), ONE[0], version=2, visits=[shown("v1", "cancelled")]),
    ),
    "visits that touch": (
        call("read", (1, 2), ONE[0], visits=[shown("v1", "booked")]),
        call("read", (3, 4), ONE[1], visits=[shown("v2", "booked", "09:30", "10:00")]),
    ),
}
BAD: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "two visits at one time": (
        call("read", (1, 2), ONE[0], visits=[shown("v1", "booked")]),
        call("read", (3, 4), ONE[1], visits=[shown("v2", "booked", "09:15", "09:45")]),
    ),
    "two visits that both took place": (
        call("read", (1, 2), ONE[0], visits=[shown("v1", "fulfilled")]),
        call("read", (3, 4), ONE[1], visits=[shown("v2", "fulfilled")]),
    ),
    "a visit that is kept after it was given up": (
        call("give_up", (1, 2), ONE[0], visit_id="v1"),
        call("read", (3, 4), ONE[0], visits=[shown("v1", "booked")]),
    ),
    "a visit that was there": (
        call("read", (1, 2), ONE[0], visits=[shown("v1", "booked")]),
        call("read", (3, 4), ONE[0], version=2),
    ),
    "an order that is nowhere": (call("order", (1, 2)), call("read", (3, 4), **{**REFUSED, "status": 404})),
    "a version that goes back": (call("read", (1, 2), version=5), call("read", (3, 4), version=4)),
    "a version of which there are two": (
        call("read", (1, 2), version=5),
        call("read", (3, 4), version=5, is_ended=True),
    ),
    "two changes of one version": (
        call("cancel", (1, 4), if_match=2, version=3),
        call("cancel", (2, 3), if_match=2, version=3),
    ),
    "a change that nobody sees": (
        call("cancel", (1, 2), if_match=2, version=3),
        call("read", (3, 4), version=6),
    ),
}


class TestJudge:
    @pytest.mark.parametrize("calls", GOOD.values(), ids=GOOD)
    def test_accepts(self, judge: Path, calls: Sequence[Mapping[str, Any]]) -> None:
        """What some order of the calls explains."""
        found = verdict(judge, history(*calls))

        assert found.is_accepted, found.lines

    @pytest.mark.parametrize("calls", BAD.values(), ids=BAD)
    def test_refuses(self, judge: Path, calls: Sequence[Mapping[str, Any]]) -> None:
        """What no order of the calls explains."""
        found = verdict(judge, history(*calls))

        assert (False, True) == (found.is_accepted, found.is_judged), found.lines

    @pytest.mark.parametrize(
        "told",
        [
            "",
            history(*GOOD["visits that touch"]).rpartition('{"calls"')[0],
            history(*GOOD["visits that touch"])[: -len('{"calls": 2}\n') - 9],
            history(*GOOD["visits that touch"]).replace('"read"', '"look"'),
            history(*GOOD["visits that touch"]).replace('"calls": 2', '"calls": 3'),
            history(*GOOD["visits that touch"]) + "more\n",
            history(*(call("read", (n, n + 1), version=1) for n in range(2001))),
        ],
        ids=["nothing", "no end", "cut in a line", "an unknown call", "a call too few", "more after it", "too long"],
    )
    def test_judges_no_part_of_a_history(self, judge: Path, told: str) -> None:
        """One that is cut, cannot be read or is too long proves nothing, and is not accepted."""
        found = verdict(judge, told)

        assert (False, False) == (found.is_accepted, found.is_judged), found.lines


class Doors(httpx2.AsyncBaseTransport):
    """Scheduling's doors, and an issuer's that lets everybody in as a coordinator."""

    def __init__(self, scheduling: Running) -> None:
        self._token, self._app = scheduling.issuer.token(Role.COORDINATOR), httpx2.ASGITransport(scheduling.app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": self._token, "expires_in": 300})
        return await self._app.handle_async_request(request)


@pytest.fixture
async def scheduling() -> AsyncIterator[Running]:
    """Scheduling with its doors open."""
    async with running() as found:
        yield found


async def work(scheduling: Running, folder: Path, *, forgets: bool = False) -> str:
    """The history of clerks who book and give up at two referrals; what was saved last may be forgotten in the end."""
    write_state(folder, ["demo"])
    way = Addresses(
        tenant="demo",
        urls={name: f"http://{name}.example" for name in (*registry.names(), "issuer")},
        credentials_file=folder / "clients" / "demo-cli.json",
    )
    names = [await tell_order(scheduling, number) for number in (0, 26)]
    for name in names:
        await tell_leave(scheduling, name)
        await scheduling.until_placed(name, is_booked)
    stored = dict(scheduling.world.disk.collections[PLACEMENTS])
    told = io.StringIO()
    async with httpx2.AsyncClient(transport=Doors(scheduling)) as http:
        calls = History(told)
        caller = Caller([way], http, calls)
        clerks = Clerks(caller, (), Random(7), scheduling.now)
        time = (scheduling.now() + 9 * DAY).replace(microsecond=0).isoformat()
        for name in names:
            shown = (await caller.call(read(CLERKS[0], "scheduling", name))).told
            await asyncio.gather(*(caller.call(clerks.book(clerk, shown, time)) for clerk in CLERKS))
            await scheduling.until_all([name], lambda placement: not isinstance(placement.seeking, Reserving))
            await caller.call(read(CLERKS[1], "scheduling", name))
        if forgets:
            scheduling.world.disk.collections[PLACEMENTS].update(stored)
        for name in names:
            shown = (await caller.call(read(CLERKS[1], "scheduling", name))).told
            await caller.call(clerks.give_up(CLERKS[1], shown, shown["visits"][-1]["visit_id"]))
            await caller.call(read(CLERKS[0], "scheduling", name))
        calls.end()
    return told.getvalue()


class TestClerks:
    async def test_are_believed(self, judge: Path, scheduling: Running, tmp_path: Path) -> None:
        """Whatever they wish for at once, a sound service gives each time once, and each version."""
        told = await work(scheduling, tmp_path)
        found = verdict(judge, told)

        assert {"book", "give_up", "read"} == {
            line["op"] for line in map(json.loads, told.splitlines()) if "op" in line
        }
        assert found.is_accepted, found.lines

    async def test_meet_in_a_double_booking(
        self, judge: Path, scheduling: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a service whose days do not see that two reservations overlap."""
        monkeypatch.setattr(calendar_day, "overlaps", lambda *_: False)
        found = verdict(judge, await work(scheduling, tmp_path))

        assert any(line.startswith("refused: slot") for line in found.lines), found.lines

    async def test_overwrite_each_other(
        self, judge: Path, scheduling: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a service that does not heed which version they had seen."""
        sound = CommandEnvelope.apply

        def heedless(self: CommandEnvelope, unit: Any) -> Any:
            object.__setattr__(self, "expected_version", None)
            return sound(self, unit)

        monkeypatch.setattr(CommandEnvelope, "apply", heedless)
        found = verdict(judge, await work(scheduling, tmp_path))

        assert any(line.startswith("refused: referral") for line in found.lines), found.lines

    async def test_miss_what_a_database_lost(self, judge: Path, scheduling: Running, tmp_path: Path) -> None:
        """Of placements that are as they were before."""
        found = verdict(judge, await work(scheduling, tmp_path, forgets=True))

        assert any(line.startswith("refused: referral") for line in found.lines), found.lines
