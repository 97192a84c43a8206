"""From facts to a booked visit and back, through the engine, both collections and every gateway, in memory."""

from typing import Any

from services.scheduling import domain as d
from services.scheduling.gateways import visit_id
from services.scheduling.store import read_directory
from shared.contracts import authorization, intake
from shared.contracts.language import Reason
from shared.contracts.scheduling import VisitBooked
from shared.contracts.sealed import VisitDetails
from tests.support.given import kinds
from tests.unit.scheduling.placing import DAY, HOUR, ORDER, TUESDAY, the
from tests.unit.scheduling.running import DIRECTORY, Running

PATHWAY = "pw-99z3b6"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def referral(number: int) -> str:
    """An id as intake makes them."""
    return f"demo-{LETTERS[number % 26]}{LETTERS[number // 26]}{'a' * 24}"


async def tell_order(scheduling: Running, number: int = 0, **fields: Any) -> str:
    """Intake tells of a complete referral; by default STAT, for which our own are asked first."""
    received = {
        "patient_ref": f"demo-p{number}",
        "priority": "stat",
        "authored_at": TUESDAY,
        "needed_by": TUESDAY + 40 * DAY,
        "order_expires_at": TUESDAY + 180 * DAY,
        "pathway": PATHWAY,
        "pathway_version": 1,
        "seals": {},
        **fields,
    }
    name = referral(number)
    await scheduling.hear(intake.ReferralReceived, name, **received)
    await scheduling.hear(intake.ReferralFoundComplete, name)
    return name


async def tell_leave(scheduling: Running, name: str) -> None:
    """Authorization tells that none is needed."""
    told = {"case_id": "case-1", "basis": "self_pay", "rule_version": 1, "payer": "self"}
    await scheduling.hear(authorization.AuthorizationNotRequired, name, **told)


async def tell_end(scheduling: Running, name: str) -> None:
    """Intake tells that it is cancelled."""
    reason = Reason(system="throughline", code="not-wanted")
    await scheduling.hear(intake.ReferralCancelled, name, asked_by="referrer", reason=reason)


SHIPPED = read_directory(DIRECTORY)
ELSEWHERE = next(
    number for number in range(99) if not SHIPPED.candidates(PATHWAY, "routine", referral(number))[0].is_in_house
)
"""A referral whose first candidate is not of the house."""


def is_booked(placement: d.Placement) -> bool:
    """Whether a visit is booked."""
    return placement.visit is not None


class TestJourney:
    async def test_books_tells_and_settles(self, scheduling: Running) -> None:
        """Every day reserved, one visit published with its sealed details, the office told; then reservations stand."""
        name = await tell_order(scheduling)
        await tell_leave(scheduling, name)
        placement = await scheduling.until_placed(name, is_booked)

        assert placement.visit is not None
        assert placement.order is not None
        slot = placement.visit.attempt.slot
        assert sorted(scheduling.days()) == sorted(d.days_of(placement.order, slot))
        assert scheduling.claims() == [(name, 1, False)] * 3

        appointment = f"/offices/{slot.provider_ref}/appointments/{visit_id(name, 1)}"
        await scheduling.until_it_comes_to(lambda: appointment in scheduling.offices.taken)
        told = scheduling.offices.taken[appointment]
        assert f"http://scheduling.example/v1/placements/{name}/outcome" == told["outcome_url"].partition("?")[0]
        assert f"http://intake.example/v1/referrals/{name}/reports" == told["report_url"].partition("?")[0]

        scheduling.pass_time(HOUR)
        await scheduling.until_it_comes_to(lambda: scheduling.claims() == [(name, 1, True)] * 3)

    async def test_seals_what_a_patient_must_know(self, scheduling: Running) -> None:
        """Start with the site's offset, site, practitioner: in the seal, and nowhere else."""
        name = await tell_order(scheduling)
        await tell_leave(scheduling, name)
        placement = await scheduling.until_placed(name, is_booked)
        await scheduling.until_it_comes_to(lambda: "VisitBooked" in kinds(scheduling.told()))
        booked = the(VisitBooked, scheduling.told())
        details = scheduling.keyring.open(
            "demo", "visit", booked.seals["visit"], VisitDetails, purpose="test", referral_id=name
        )

        assert placement.visit is not None
        assert details.start == placement.visit.attempt.slot.starts_at
        for secret in (details.site_name, details.site_address, details.practitioner_name, details.phone):
            assert secret.encode() not in scheduling.spilt()

    async def test_gives_everything_back_when_it_is_cancelled(self, scheduling: Running) -> None:
        """No claim is left, the office is told, the patient's visit is cancelled by a fact."""
        name = await tell_order(scheduling)
        await tell_leave(scheduling, name)
        await scheduling.until_alive(name, "appointment:1")
        await tell_end(scheduling, name)
        placement = await scheduling.until_placed(name, lambda p: p.ended and not p.given_up)

        assert [] == scheduling.claims()
        assert ("cancelled", []) == (placement.visits[0].fate, d.wanted_effects(placement))
        await scheduling.until_it_comes_to(lambda: set(scheduling.offices.taken) == set(scheduling.offices.withdrawn))

    async def test_never_books_two_at_once(self, scheduling: Running) -> None:
        """Twenty who come together for two providers: each has a visit, no two meet on any resource."""
        names = [await tell_order(scheduling, number) for number in range(20)]
        for name in names:
            await tell_leave(scheduling, name)
        taken: list[tuple[str, d.Slot]] = []
        for placement in await scheduling.until_all(names, is_booked):
            slot = placement.visit.attempt.slot  # type: ignore[union-attr] # it is booked
            taken += [(resource, slot) for resource in d.resources_of(placement.order or ORDER, slot)]

        for index, (resource, slot) in enumerate(taken):
            for other, there in taken[:index]:
                assert resource != other or slot.ends_at <= there.starts_at or there.ends_at <= slot.starts_at

    async def test_asks_an_office_and_the_next_when_it_is_silent(self, scheduling: Running) -> None:
        """A provider elsewhere is asked; when its time is over, the next one is, and the first hears that."""
        name = await tell_order(scheduling, ELSEWHERE, priority="routine")
        await scheduling.until_alive(name, "office_request:1")
        [path] = scheduling.offices.taken

        told = scheduling.offices.taken[path]["answer_url"]
        assert f"http://scheduling.example/v1/placements/{name}/answer" == told.partition("?")[0]

        scheduling.pass_time(2 * DAY + HOUR)
        await scheduling.until_placed(name, lambda placement: len(placement.choices) > 1)
        await scheduling.until_it_comes_to(lambda: path in scheduling.offices.withdrawn)

    async def test_takes_the_answer_of_an_office_that_had_decided(self, scheduling: Running) -> None:
        """An office that answers a request at once need not call back."""
        scheduling.offices.status = "accepted"
        name = await tell_order(scheduling, ELSEWHERE, priority="routine")

        await scheduling.until_placed(
            name, lambda placement: placement.choice and placement.choice.answer == "accepted"
        )
