"""Whoever is let in or turned away is on record: every route of every service, before its answer leaves."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import bson
import httpx2
import pytest

from shared.audit import broken
from shared.audit.chain import id_of
from shared.identity import Role
from tests.access.conftest import SERVICES
from tests.access.probing import OPEN, REFUSED, Route, probe, roles_of, routes
from tests.support.five_services.running import FiveServices, open_services
from tests.support.memory import MemoryWorld, Weather

Referrals = Mapping[str, tuple[str, str]]
STRANGERS = Counter[tuple[str, int]]


@dataclass
class Unwritable(Weather):
    """Everything can be read and saved; while `is_on`, no access record can be written."""

    is_on: bool = False

    def strikes(self, fault: str) -> bool:
        """Whether no record can be written now."""
        return self.is_on and fault == "rows lost"


@pytest.fixture(scope="module")
async def unwritable() -> AsyncIterator[tuple[FiveServices, Unwritable]]:
    """A house whose records cannot always be written."""
    weather = Unwritable()
    async with open_services(lambda _request: httpx2.Response(404), world=MemoryWorld(weather=weather)) as house:
        yield house, weather


def position(house: FiveServices, service: str) -> int:
    """How many records this process of a service has written."""
    return house.recorders[service].head.number


def requests(house: FiveServices, service: str, after: int) -> list[dict[str, Any]]:
    """The records of requests that it has written since, oldest first."""
    head, raws = house.recorders[service].head, house.world.disk.rows[f"{service}.access"]
    rows = [bson.decode(raws[id_of(head.chain, number)]) for number in range(after + 1, head.number + 1)]
    return [row for row in rows if row["kind"] == "request"]


def asked(house: FiveServices, service: str) -> list[Route]:
    """The guarded routes of a service."""
    return [route for route in routes(house) if route.service == service]


def token_of(house: FiveServices, role: Role, referral_id: str) -> str:
    """A token of somebody in this role."""
    if role is Role.PATIENT:
        return house.issuer.token(role, referral_id=referral_id)
    return house.issuer.token(role)


class TestEveryRoute:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_leaves_one_record_of_each_role(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Let in or turned away: who, in which roles, by which client, what, about which referral, how it ended."""
        referral_id, wrong = referrals["demo"][0], {}
        for route in asked(house, service):
            for role in Role:
                before = position(house, service)
                answer = await probe(house, route, referral_id, token=token_of(house, role, referral_id))
                new = requests(house, service, before)
                if not _tells(new, route, role, answer, referral_id):
                    wrong[route.name, role] = (answer.status_code, new)

        assert {} == wrong

    @pytest.mark.parametrize("service", SERVICES)
    async def test_counts_strangers(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """A token that is none leaves no record of its own: it is counted by address and minute."""
        before, n = position(house, service), _strangers(house, service)
        answers = [await probe(house, route, referrals["demo"][0], token="none") for route in asked(house, service)]

        assert {REFUSED} == {answer.status_code for answer in answers}
        assert [] == requests(house, service, before)
        assert len(answers) == _strangers(house, service) - n

    @pytest.mark.parametrize("service", SERVICES)
    async def test_is_in_a_whole_chain(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """Whatever was asked side by side."""
        del referrals
        recorder, rows = house.recorders[service], house.world.disk.rows_of(f"{service}.access")

        chain = sorted((row for row in rows if row["chain"] == recorder.head.chain), key=lambda row: row["number"])
        assert broken(recorder.head.chain, chain, [recorder.head]) is None

    @pytest.mark.parametrize("service", SERVICES)
    async def test_says_nothing_that_is_not_on_record(
        self, service: str, unwritable: tuple[FiveServices, Unwritable]
    ) -> None:
        """Records cannot be written: 503 in the protocol's form, and not a word of what was asked for."""
        house, weather = unwritable
        weather.is_on, wrong = True, {}
        for route in asked(house, service):
            for role in (min(roles_of(house, route)), Role.SUBSCRIBER):
                answer = await probe(house, route, "demo-" + "a" * 26, token=token_of(house, role, "demo-" + "a" * 26))
                kind = answer.headers["content-type"]
                if answer.status_code != 503 or "retry-after" not in answer.headers or "json" not in kind:
                    wrong[route.name] = (answer.status_code, answer.text)
        weather.is_on = False

        assert {} == wrong


class TestOpenRoutes:
    async def test_leave_none(self, house: FiveServices) -> None:
        """What is open to all shows nothing about anybody."""
        before = position(house, "tracking")
        for path in sorted(OPEN):
            if "{" not in path and path not in ("/v1/sms-callbacks", "/login/callback"):
                await house.ask("tracking", "GET", path, token="")

        assert [] == requests(house, "tracking", before)


def _strangers(house: FiveServices, service: str) -> int:
    """How many refusals of strangers are on record, or will be when their minute is over."""
    rows = house.world.disk.rows_of(f"{service}.access")
    waiting = house.recorders[service].refusals
    return (
        sum(int(row["count"]) for row in rows if (row["kind"], row["service"]) == ("refusals", service))
        + waiting.total()
    )


def _tells(rows: list[dict[str, Any]], route: Route, role: Role, answer: httpx2.Response, referral_id: str) -> bool:
    if len(rows) != 1:
        return False
    [row] = rows
    ended = {True: "allowed", False: "denied" if answer.status_code in (403, 404) else "failed"}
    return all(
        (
            row["roles"] == [role.value] or role.value in row["roles"],
            row["tenant"] == "demo",
            bool(row["subject"] and row["client"]),
            (row["method"], row["route"]) == (route.method, route.path),
            row["purpose"] == route.permission,
            row["status"] == answer.status_code,
            row["outcome"] == ended[answer.status_code < 400],
            row["request_id"] == answer.headers["x-request-id"],
            row["address"] == "127.0.0.1",
            not route.is_of_a_referral or row["referrals"] == [referral_id],
        )
    )
