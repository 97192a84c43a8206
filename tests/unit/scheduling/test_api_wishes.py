"""What an order wishes for reaches whoever chooses a provider, nobody else, and never without a trace."""

import pytest
from structlog.testing import capture_logs

from services.scheduling.store import PLACEMENT
from shared.contracts.sealed import Logistics, Particulars
from shared.identity import Role
from tests.unit.scheduling.running import Running
from tests.unit.scheduling.test_api import get
from tests.unit.scheduling.test_journey import referral, tell_leave, tell_order

WISHED = Logistics(
    postal_code="02139",
    mobility="wheelchair",
    availability="mornings",
    wanted_performers=("Robin Sample",),
    wanted_locations=("Northside",),
    particulars=Particulars(details=("second opinion",), body_sites=("left knee",), instructions="Come fasting."),
)
CHOOSERS = (Role.COORDINATOR, Role.LEAD, Role.CLINICIAN)


def sealed(scheduling: Running, wishes: Logistics) -> str:
    """The wishes of the order that is told of, as intake seals them."""
    return scheduling.keyring.seal("demo", "logistics", wishes, referral_id=referral(0))


@pytest.fixture
async def wished(scheduling: Running) -> str:
    """A referral whose order wishes for something."""
    name = await tell_order(scheduling, seals={"logistics": sealed(scheduling, WISHED)})
    await scheduling.until_placed(name, lambda placement: placement.order)
    return name


class TestWishes:
    async def test_reach_whoever_chooses(self, scheduling: Running, wished: str) -> None:
        """All that the seal holds, each under its name; the placement leads there."""
        placement = (await get(scheduling, wished)).json()
        async with scheduling.client(Role.COORDINATOR) as http:
            answer = await http.get(placement["wishes"])

        assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
        assert {
            "referral_id": wished,
            "wanted_performers": ["Robin Sample"],
            "wanted_locations": ["Northside"],
            "details": ["second opinion"],
            "body_sites": ["left knee"],
            "instructions": "Come fasting.",
            "postal_code": "02139",
            "mobility": "wheelchair",
            "availability": "mornings",
        } == answer.json()

    async def test_are_empty_where_the_order_wishes_for_nothing(self, scheduling: Running) -> None:
        """Nothing is made up."""
        name = await tell_order(scheduling, seals={"logistics": sealed(scheduling, Logistics())})
        await scheduling.until_placed(name, lambda placement: placement.order)
        answer = (await get(scheduling, f"{name}/wishes")).json()

        assert {"referral_id": name} == {name: value for name, value in answer.items() if value}

    @pytest.mark.parametrize("role", [role for role in Role if role not in {*CHOOSERS, Role.PATIENT}])
    async def test_are_refused_to_everybody_else(self, scheduling: Running, wished: str, role: Role) -> None:
        """Nobody else's business: 403, no seal is opened, and no address shown."""
        with capture_logs() as said:
            answer = await get(scheduling, f"{wished}/wishes", role)

        assert 403 == answer.status_code
        assert not [line for line in said if line["event"] == "seal opened"]
        assert (await get(scheduling, wished, role)).json().get("wishes") is None

    async def test_are_not_there_for_another_tenant(self, scheduling: Running, wished: str) -> None:
        """Answered as a placement that does not exist."""
        others = await get(scheduling, f"{wished}/wishes", tenant="other")
        nobodys = await get(scheduling, f"{referral(9)}/wishes")

        assert (others.status_code, others.json()) == (404, nobodys.json())

    async def test_are_not_there_before_the_order_is(self, scheduling: Running) -> None:
        """Authorization may be heard before intake."""
        await tell_leave(scheduling, referral(7))
        await scheduling.until_placed(referral(7), lambda placement: placement.leave.is_not_required)

        assert 404 == (await get(scheduling, f"{referral(7)}/wishes")).status_code

    async def test_say_that_they_were_not_kept(self, scheduling: Running) -> None:
        """Of an order of before: silence must not look like an order that wishes for nothing."""
        name = await tell_order(scheduling)
        await scheduling.until_placed(name, lambda placement: placement.order)
        answer = await get(scheduling, f"{name}/wishes")

        assert (404, "wishes-not-kept") == (answer.status_code, answer.json()["code"])
        assert (await get(scheduling, name)).json()["wishes"] is None

    @pytest.mark.parametrize("role", CHOOSERS)
    async def test_leave_a_trace_of_who_read_them(self, scheduling: Running, wished: str, role: Role) -> None:
        """One line of the audit for each opening: what kind, why, by what kind of actor, of which referral."""
        with capture_logs() as said:
            await get(scheduling, f"{wished}/wishes", role)
        [line] = [line for line in said if line["event"] == "seal opened"]

        assert ("logistics", "show_wishes", "person") == (line["audience"], line["purpose"], line["actor_kind"])
        assert (line["tenant"], line["referral_id"]) == ("demo", wished)
        assert not [words for words in ("Robin", "knee", "02139") if words in str(said)]

    async def test_rest_under_seal(self, scheduling: Running, wished: str) -> None:
        """Neither the document nor a fact says a word of them."""
        assert not [words for words in (b"Robin", b"knee", b"02139") if words in scheduling.spilt()]


class TestDocumentsOfBefore:
    @pytest.mark.parametrize("order", [None, {"referral_id": referral(1)}])
    def test_have_no_wishes(self, order: dict[str, str | None] | None) -> None:
        """A placement whose seal was not kept says so; one without an order stays without."""
        upcast = PLACEMENT.upcasters[3]({"order": order})["order"]

        assert upcast == (order and {"wishes": None, **order})
