"""Every later word of an EHR is taken and heard by whom it concerns: few histories say each, and this says all of them.

What comes of a word that comes at any time, the histories tell.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from services.authorization import domain as authorization
from services.intake import domain as intake
from services.scheduling import domain as scheduling
from shared.contracts.language import Command
from shared.errors import Rejected
from tests.simulation.histories import course
from tests.simulation.histories.agreement import disagreements
from tests.simulation.histories.ehr import WORDS, Ehr, Message
from tests.simulation.histories.invariants import Truths
from tests.simulation.histories.orders import SERVICES, order
from tests.simulation.histories.outside import hoped_for
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.histories.wiring import DECIDED
from tests.support.memory import EPOCH

ON_HOLD = (intake.HoldReferral, authorization.HoldCase, scheduling.HoldPlacement)
ACTIVE_AGAIN = (intake.ResumeReferral, authorization.ResumeCase, scheduling.ResumePlacement)
DECIDES: dict[str, Sequence[type[Command]]] = {
    "on-hold": ON_HOLD,
    "active": ACTIVE_AGAIN,
    "same": ACTIVE_AGAIN,
    "changed": (intake.ReviseOrder, *ACTIVE_AGAIN),
    "supplied": ACTIVE_AGAIN,
    "known by two numbers": (intake.RedirectOrder, *ACTIVE_AGAIN),
    "replaced": (intake.ReceiveReferral, intake.RevokeOrder, authorization.EndCase, scheduling.EndPlacement),
    **dict.fromkeys(
        ("revoked", "entered-in-error", "deceased"),
        (intake.RevokeOrder, authorization.EndCase, scheduling.EndPlacement),
    ),
}
"""Who decides on a word that comes while the order is on hold, and by which command."""


def tell(house: SteppedServices, ehr: Ehr, message: Message) -> None:
    """Send a message, which is taken."""
    said = house.ask("intake", message.request)
    assert not isinstance(said, Rejected), f"{message.word} was refused: {said}"
    assert ehr.is_answered(message, said) is None


@pytest.fixture(name="house")
def _house() -> Any:
    house = SteppedServices(EPOCH)
    yield house
    house.close()


class TestWordsOfAnEhr:
    def test_are_all_expected(self) -> None:
        """A new word says here who decides on it."""
        assert set(WORDS) == set(DECIDES)

    @pytest.mark.parametrize("word", DECIDES)
    def test_reach_whom_they_concern(self, word: str, house: SteppedServices) -> None:
        """Said of an order on hold, a word is taken; everybody has heard of it, and nobody disagrees in the end."""
        ehr, truths = Ehr(house), Truths(house)
        tell(house, ehr, ehr.places(order(hoped_for, house.now), hoped_for))
        course.go_on(house, 4, hoped_for)
        decided = DECIDED.copy()
        for said in dict.fromkeys(("on-hold", word)):
            tell(house, ehr, ehr.says(said, hoped_for))
            course.hear_all(house)

        assert set(DECIDES[word]) <= set(DECIDED - decided)
        assert (None, []) == (course.fall_silent(house), [*truths.wrong(), *disagreements(house)])


def test_pathway_that_a_person_chooses_reaches_whom_it_concerns(house: SteppedServices) -> None:
    """An order for what no pathway names waits for a person, and goes its way then."""
    ehr, decided = Ehr(house), DECIDED.copy()
    unknown = {**order(hoped_for, house.now), "service": {"system": "urn:sample:services", "code": SERVICES[-1]}}
    tell(house, ehr, ehr.places(unknown, hoped_for))
    course.go_on(house, 4, hoped_for)
    course.hear_all(house)

    [key] = house.referrals()
    placement = house.state("scheduling", key)
    chosen = {intake.ChoosePathway, authorization.TakePathway, scheduling.TakePathway}
    assert chosen <= set(DECIDED - decided)
    assert (placement.order.pathway, True) == (house.state("intake", key).pathway, placement.choice is not None)
