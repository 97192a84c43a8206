"""Whose: what each party sees and does is its own, and of all else it learns as much as of what does not exist.

Two EHRs, two payers and two offices, each with one referral that concerns it and one that concerns the other.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from services.authorization.gateways import Callbacks
from shared.identity import WHOSE, Role
from tests.access.probing import Route, given, probe, roles_of, routes
from tests.access.samples import ABSENT
from tests.access.test_tenants import seen
from tests.privacy.outside import Outside, Way
from tests.privacy.playing import Stage
from tests.support.five_services.running import FiveServices, open_services
from tests.unit.intake.invented import own

NOWHERE = f"demo-{ABSENT}"
UNDECIDED = Way(decisions=("A4",), office=("",))
SERVICE = {"system": "http://nucc.org/provider-taxonomy", "code": "363A00000X"}


@dataclass(frozen=True)
class Concerning:
    """A referral, and whom it concerns."""

    ehr: str
    payer: str
    office: str
    provider: str
    site: str
    person: str
    id: str = ""


FIRST = Concerning("main-ehr", "medicare", "near", "pr-near", "st-north", "sam.sample")
SECOND = Concerning("second-ehr", "medicaid", "far", "pr-late", "st-west", "fay.faraway")


@dataclass(frozen=True)
class Town:
    """Both referrals at work; payers have been asked and not decided, offices were asked and are silent."""

    house: FiveServices
    stage: Stage
    first: Concerning
    second: Concerning


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A house of its own for each test: what is asked changes it."""
    outside = Outside()
    async with open_services(outside) as house:
        stage = Stage(house, outside)
        placed = [await _place(stage, each, f"N-{n}") for n, each in enumerate((FIRST, SECOND))]
        yield Town(house, stage, *placed)


async def _place(stage: Stage, concerning: Concerning, number: str) -> Concerning:
    policy = {"payer_name": concerning.payer, "member_id": f"INV{number}"}
    order = own(order_number=number, service=SERVICE, coverage=[policy])
    stage.outside.ways |= dict.fromkeys(stage._names_of(order), UNDECIDED)  # noqa: SLF001 - as `begin` does
    answer = await stage.house.ask("intake", "POST", "/v1/referrals", json=order, party=concerning.ehr)
    id_ = str(answer.json()["referral_id"])
    await stage.settle()
    choice = {"provider_ref": concerning.provider, "site_ref": concerning.site}
    key = {"Idempotency-Key": f"choose-{number}"}
    path = f"/v1/placements/{id_}/provider"
    assert (await stage.house.ask("scheduling", "POST", path, Role.COORDINATOR, json=choice, headers=key)).is_success
    await stage.settle()
    return Concerning(**{**vars(concerning), "id": id_})


def bound(house: FiveServices) -> list[tuple[Route, Role]]:
    """Every route at which a party's caller is let in to what is its own; what ends a referral comes last."""
    found = [
        (route, role)
        for route in routes(house)
        if route.is_of_a_referral
        for role in sorted(roles_of(house, route) & WHOSE.keys())
    ]
    return sorted(found, key=lambda cell: (cell[0].permission == "cancel", cell[0].method, cell[0].name))


async def as_party(town: Town, route: Route, role: Role, caller: Concerning, about: str) -> httpx2.Response:
    """Ask, as the program or the person of a party, by the address that it would have been given."""
    holder = {Role.EHR: "ehr", Role.OFFICE: caller.provider}.get(role, "")
    query = given(town.house, route, about, holder) if holder else ""
    who: dict[str, Any] = {"party": getattr(caller, role.value)} if role is not Role.SPECIALIST else {}
    return await probe(town.house, route, about, role, query=query, subject=caller.person, **who)


class TestReferral:
    async def test_of_another_party_answers_as_one_that_does_not_exist(self, town: Town) -> None:
        """Every route, for an EHR, an office and its people, about the other's: same status, body and headers."""
        wrong, asked = {}, 0
        for route, role in bound(town.house):
            for caller, other in ((town.first, town.second), (town.second, town.first)):
                theirs = seen(await as_party(town, route, role, caller, other.id))
                absent = seen(await as_party(town, route, role, caller, NOWHERE))
                asked += 1
                if theirs != absent or theirs[0] != 404:
                    wrong[route.name, role, caller.ehr] = (theirs, absent)

        assert {} == wrong
        assert asked >= 2 * 14

    async def test_of_ones_own_is_seen(self, town: Town) -> None:
        """The same cells about the caller's own: let in, or told what of it is not there."""
        wrong = {}
        for route, role in bound(town.house):
            for caller in (town.first, town.second):
                own_ = seen(await as_party(town, route, role, caller, caller.id))
                absent = seen(await as_party(town, route, role, caller, NOWHERE))
                if own_ == absent or own_[0] in (401, 403):
                    wrong[route.name, role, caller.ehr] = own_

        assert {} == wrong

    async def test_is_nobodys_without_a_party(self, town: Town) -> None:
        """A program that nobody registered may do nothing; a specialist of no office has no referral."""
        let_in = {}
        for route in routes(town.house):
            stranger = await probe(town.house, route, town.first.id, party="nobody-we-know")
            person = await probe(town.house, route, town.first.id, Role.SPECIALIST, subject="una.attached")
            if stranger.status_code != 403 or person.status_code not in (403, 404):
                let_in[route.name] = (stranger.status_code, person.status_code)

        assert {} == let_in

    async def test_of_a_person_is_not_an_ehrs(self, town: Town) -> None:
        """An order that a coordinator wrote down, or that came before this was kept, is no EHR's to read or cancel."""
        answer = await town.house.ask(
            "intake", "POST", "/v1/referrals", Role.COORDINATOR, json=own(order_number="by-hand")
        )
        path = f"/v1/referrals/{answer.json()['referral_id']}"

        assert 404 == (await town.house.ask("intake", "GET", path, Role.EHR)).status_code


class TestOrder:
    async def test_that_another_ehr_placed_is_not_taken_over(self, town: Town) -> None:
        """The same order number from another EHR: refused, without the referral that it made."""
        policy = {"payer_name": FIRST.payer, "member_id": "INVN-0"}
        order = own(order_number="N-0", service=SERVICE, coverage=[policy])
        answer = await town.house.ask("intake", "POST", "/v1/referrals", json=order, party="second-ehr")
        again = await town.house.ask("intake", "POST", "/v1/referrals", json=order, party="main-ehr")

        assert (409, "other-party") == (answer.status_code, answer.json()["code"])
        assert town.first.id not in answer.text
        assert (202, town.first.id) == (again.status_code, again.json()["referral_id"])


class TestAddress:
    @pytest.mark.parametrize("query", ["", "?capability=", "?capability=" + "0" * 32, "?capability=%ff%00é"])
    async def test_without_its_capability_leads_nowhere(self, town: Town, query: str) -> None:
        """A program that calls elsewhere than at the address it was given, also about its own."""
        wrong = {}
        for route, role in bound(town.house):
            if route.permission in town.house.blueprints[route.service].handed and role is Role.OFFICE:
                answers = [
                    seen(await probe(town.house, route, id_, role, query=query)) for id_ in (town.first.id, NOWHERE)
                ]
                if answers[0] != answers[1] or answers[0][0] != 404:
                    wrong[route.name] = answers

        assert {} == wrong

    async def test_of_another_act_or_office_leads_nowhere(self, town: Town) -> None:
        """A capability is for one act, about one referral, for one provider's office."""
        answer = next(route for route, _ in bound(town.house) if route.permission == "answer_request")
        outcome = next(route for route, _ in bound(town.house) if route.permission == "record_outcome")
        queries = (
            given(town.house, outcome, town.first.id, "pr-near"),
            given(town.house, answer, town.second.id, "pr-near"),
            given(town.house, answer, town.first.id, "pr-late"),
        )
        found = [(await probe(town.house, answer, town.first.id, Role.OFFICE, query=query)) for query in queries]

        assert ["There is no such referral."] * 3 == [each.json()["detail"] for each in found]


def decision(town: Town, concerning: Concerning, request_id: str, number: int = 2) -> dict[str, Any]:
    """A payer's denial."""
    received = town.house.world.disk.now().isoformat()
    about = {"referral_id": concerning.id, "request_id": request_id, "number": number}
    return {**about, "received_at": received, "action": "A3"}


async def call_back(town: Town, concerning: Concerning, by: str, number: int = 2, **changes: Any) -> httpx2.Response:
    """Have a payer's program call at the address that this referral's payer was given."""
    case = (await town.house.ask("authorization", "GET", f"/v1/cases/{concerning.id}", Role.COORDINATOR)).json()
    payer = changes.pop("payer", concerning.payer)
    path = f"/v1/payer-callbacks/{payer}"
    shown = Callbacks(town.house.keys).address(path, concerning.id, payer, case["request_id"])
    body = {**decision(town, concerning, case["request_id"], number), **changes}
    return await town.house.ask("authorization", "POST", shown, json=body, party=by)


async def state_of(town: Town, concerning: Concerning) -> str:
    """Where the case stands."""
    answer = await town.house.ask("authorization", "GET", f"/v1/cases/{concerning.id}", Role.COORDINATOR)
    return str(answer.json()["state"])


class TestPayer:
    async def test_answers_what_it_was_asked(self, town: Town) -> None:
        """The fact names the payer, and the program that said so for it."""
        assert 204 == (await call_back(town, town.first, "medicare")).status_code
        await town.stage.settle()
        told = await town.house.ask("tracking", "GET", f"/v1/referrals/{town.first.id}/timeline", Role.COORDINATOR)
        [denied] = [fact for fact in told.json()["facts"] if fact["type"].endswith("authorization.denied.v1")]

        by = {"kind": "payer", "id": "medicare", "via": "service-account-demo-medicare"}
        assert by == denied["recorded_by"]

    @pytest.mark.parametrize("by", ["medicaid", "clearinghouse", "acme"])
    async def test_answers_nothing_that_another_was_asked(self, town: Town, by: str) -> None:
        """Even at the very address that the other was given, and under its own name: no such request."""
        before = await state_of(town, town.first)
        answers = [
            await call_back(town, town.first, by),
            await call_back(town, town.first, by, payer=by),
            await call_back(town, town.first, by, referral_id=NOWHERE),
        ]
        await town.stage.settle()

        assert [404] * 3 == [answer.status_code for answer in answers]
        assert seen(answers[0]) == seen(answers[1]) == seen(answers[2])
        assert before == await state_of(town, town.first)

    @pytest.mark.parametrize("by", ["near", "main-ehr", "warehouse", "cli", "sms"])
    async def test_is_no_other_kind_of_party(self, town: Town, by: str) -> None:
        """An office's program that knows a payer's address decides nothing."""
        assert 403 == (await call_back(town, town.first, by)).status_code

    async def test_is_heard_only_at_the_address_that_it_was_given(self, town: Town) -> None:
        """Who knows the request's id, which anybody can compute, does not know the address."""
        case = await town.house.ask("authorization", "GET", f"/v1/cases/{town.first.id}", Role.COORDINATOR)
        body = decision(town, town.first, case.json()["request_id"])
        path = "/v1/payer-callbacks/medicare"
        found = [
            await town.house.ask("authorization", "POST", path + query, json=body, party="medicare")
            for query in ("", "?capability=", "?capability=" + "0" * 32)
        ]
        absent = await call_back(town, town.first, "medicare", referral_id=NOWHERE)

        assert [seen(absent)] * 3 == [seen(each) for each in found]
        assert 404 == absent.status_code

    async def test_cannot_have_the_last_word_for_ever(self, town: Town) -> None:
        """A number that jumps is refused; the next true answer is taken."""
        jumped = await call_back(town, town.first, "medicare", number=2**31 - 1)
        true = await call_back(town, town.first, "medicare", number=2)
        await town.stage.settle()

        assert (409, "number-jumps") == (jumped.status_code, jumped.json()["code"])
        assert 204 == true.status_code
        assert "denied" in await state_of(town, town.first)

    async def test_is_asked_at_the_address_that_it_is_heard_at(
        self, town: Town, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What the payer was sent is that address, and nothing that we log, tell or measure has its capability."""
        sent = next(each for each in town.stage.outside.requests if b"callback_url" in each.content)
        url = str(json.loads(sent.content)["callback_url"]).removeprefix("http://authorization.example")
        capability = url.partition("capability=")[2]
        body = decision(town, town.first, sent.url.path.rpartition("/")[2])
        answers = [
            await town.house.ask("authorization", "POST", url, json=said, party="medicare")
            for said in (body, {**body, "number": "none"}, {**body, "referral_id": NOWHERE})
        ]
        measured = (await town.house.ask("authorization", "GET", "/metrics", token="")).text
        left = repr(town.house.world.disk.topics) + capsys.readouterr().out + measured
        left += "".join(answer.text for answer in answers)

        assert [204, 422, 404] == [answer.status_code for answer in answers]
        assert (32, False) == (len(capability), capability in left)
