"""What payers are asked about coverage, and what their answers mean."""

from typing import Any

import pytest

from services.authorization import domain
from shared.contracts.sealed import CoverageDetails
from shared.errors import Unknown
from shared.ports import Answer
from tests.unit.authorization.scripted_payer import (
    CHECK_ID,
    CHECKING,
    COVERAGE,
    ELIGIBLE,
    NOT_TAKEN,
    UNKNOWN,
    Desk,
    sealed_case,
)
from tests.unit.authorization.words import (
    PAYER,
)


class TestEligibilityChecks:
    async def test_asks_about_the_first_policy_and_nothing_else(self) -> None:
        """Member id, service type and the payer's date; the seal is opened for that, and it is audited."""
        desk = Desk((200, ELIGIBLE))
        await desk.check(CHECKING)

        assert ("POST", "http://payers.example/payers/alder-valley/eligibility") == (
            desk.requests[0].method,
            str(desk.requests[0].url),
        )
        assert {
            "check_id": CHECK_ID,
            "member_id": "MEMBER-1",
            "payer_name": "Alder Valley",
            "service_type": "98",
            "valid_on": "2026-03-02",
        } == desk.body
        assert ["coverage"] == [opening.audience for opening in desk.openings]

    async def test_says_which_of_the_insured_it_is(self) -> None:
        """A dependent has the subscriber's number, which does not say who the patient is."""
        child = {"subscriber_id": "SUB-1", "relationship": "child", "dependent": "02", "group": "G-7"}
        policy = COVERAGE.policies[1].model_copy(update={**child, "subscriber": "Agatha Sample"})
        desk = Desk((200, ELIGIBLE))
        await desk.check(sealed_case(insured=CoverageDetails(policies=(policy,))))

        assert child == {name: desk.body.get(name) for name in child}
        assert "Agatha" not in str(desk.body)

    async def test_hands_the_answer_to_the_case(self) -> None:
        """The effect is alive and final; what it means is decided in the same write."""
        found = await Desk((200, ELIGIBLE)).check(CHECKING)

        assert ("alive", (CHECK_ID,), True) == (found.word, found.refs, found.final)
        assert isinstance(found.command, domain.RecordEligibility)
        assert ("1", "Y", PAYER.id) == (found.command.eb01, found.command.auth_required, found.command.by.id)

    async def test_takes_need_that_is_not_stated_as_unknown(self) -> None:
        """And an EB01 that nobody knows as it is: the domain has a person look at it."""
        found = await Desk((200, {"check_id": CHECK_ID, "eb01": "Q"})).check(CHECKING)

        assert isinstance(found.command, domain.RecordEligibility)
        assert ("Q", "U") == (found.command.eb01, found.command.auth_required)

    async def test_comes_back_later_when_the_payer_cannot_process(self) -> None:
        """EB01 V says nothing about the patient."""
        assert Answer("not_taken") == await Desk((200, {**ELIGIBLE, "eb01": "V"})).check(CHECKING)

    @pytest.mark.parametrize("answers", [*NOT_TAKEN, (404, b"")])
    async def test_knows_what_certainly_did_not_happen(self, answers: Any) -> None:
        """Refused connections, 429 and what is wrong with the request."""
        assert Answer("not_taken") == await Desk(answers).check(CHECKING)

    @pytest.mark.parametrize("answers", [*UNKNOWN, (200, {**ELIGIBLE, "check_id": "another"})])
    async def test_does_not_guess(self, answers: Any) -> None:
        """Silence and what no payer says mean nothing."""
        with pytest.raises(Unknown):
            await Desk(answers).check(CHECKING)

    async def test_has_nothing_to_withdraw(self) -> None:
        """A question leaves nothing behind: nobody is called."""
        desk = Desk(AssertionError())

        assert ("withdrawn", (CHECK_ID,)) == ((found := await desk.check(CHECKING, "withdraw")).word, found.refs)
        assert [] == desk.requests
