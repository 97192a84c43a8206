"""Who shall see the patient: what offices answer, and whom people choose."""

from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from shared.contracts.scheduling import ProviderDeclined
from shared.errors import Conflict, NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    ASKED,
    AWAY,
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    FAR,
    HOUR,
    NOT_REQUIRED,
    REASON,
    TUESDAY,
    answer,
    held,
    offered,
    ordered,
    outcome,
    placed,
    report,
    say,
    slot,
    the,
)

ACCEPTED = [*ASKED, answer()]
MISSED_AT = TUESDAY + 7 * DAY + HOUR


def choose(candidate: d.Candidate, at: Any = TUESDAY) -> d.ChooseProvider:
    """Somebody names the provider."""
    return say(d.ChooseProvider, at, candidate=candidate)


class TestAnswerRequest:
    def test_accepts(self) -> None:
        """The office will see the patient."""
        assert ["ProviderAccepted"] == kinds(decide(answer(), placed(*ASKED)))

    def test_accepts_and_the_search_begins_when_it_is_allowed(self) -> None:
        """Clearance may have come before."""
        assert ["ProviderAccepted", "SearchBegun"] == kinds(decide(answer(), placed(*ASKED, NOT_REQUIRED)))

    def test_declines_and_the_next_is_asked(self) -> None:
        """A declined provider is chosen anew, with the reason told."""
        declined = answer(accepted=False, reason=REASON)
        facts = decide(declined, placed(*ASKED))

        assert ["ProviderDeclined", "ProviderChosen", "OfficeAsked"] == kinds(facts)
        assert REASON == the(ProviderDeclined, facts).reason

    def test_declines_and_a_person_chooses_when_nobody_is_left(self) -> None:
        """Two were asked, none will: a coordinator's step."""
        step = only(d.tasks(placed(*ASKED, answer(accepted=False), answer(2, accepted=False))))

        assert step is not None
        assert ("choose_provider", "coordinator") == (step.act, step.owner)

    def test_declines_after_all_and_the_visit_is_given_back(self) -> None:
        """An office may redirect a patient whom it had accepted."""
        history = [*ACCEPTED, NOT_REQUIRED, offered(slot(provider_ref="pr-away")), held()]
        facts = decide(answer(accepted=False), placed(*history))

        assert ["VisitCancelled", "ProviderDeclined"] == kinds(facts)[:2]

    def test_declines_and_the_clinician_still_decides(self) -> None:
        """After two missed visits no other is asked, whoever says no meanwhile, until somebody chooses."""
        history = [*ACCEPTED, NOT_REQUIRED]
        for number in (1, 2):
            history += [offered(slot(provider_ref="pr-away"), search=number), held(number)]
            history += [outcome("missed", number, MISSED_AT)]
        declined = placed(*history, answer(accepted=False))
        step = only(d.tasks(declined))

        assert step is not None
        assert ("decide_on_missed", None, None) == (step.act, declined.choice, declined.seeking)
        assert ["ProviderChosen", "OfficeAsked"] == kinds(decide(choose(FAR), declined))
        assert not placed(*history, answer(accepted=False), choose(FAR)).handed

    def test_refuses_a_yes_that_comes_too_late(self) -> None:
        """Another office is being asked: this one must not expect the patient."""
        with pytest.raises(Conflict, match="withdrawn"):
            decide(answer(), placed(*ASKED, answer(accepted=False)))

    def test_refuses_a_request_that_was_never_made(self) -> None:
        """Only what was asked can be answered."""
        with pytest.raises(NotFound):
            decide(answer(7), placed(*ASKED))

    @pytest.mark.parametrize("history", [ACCEPTED, [*ACCEPTED, NOT_REQUIRED], [*ASKED, ENDED]])
    def test_stays_quiet_when_it_is_known_or_over(self, history: list[Any]) -> None:
        """An answer delivered twice is one."""
        assert [] == decide(answer(), placed(*history))

    def test_stays_quiet_when_an_office_declines_what_was_withdrawn(self) -> None:
        """It agrees with us."""
        withdrawn = placed(*ASKED, choose(d.Candidate("pr-new", "st-new", is_in_house=True)))

        assert [] == decide(answer(accepted=False), withdrawn)


class TestChooseProvider:
    def test_replaces_the_one_chosen(self) -> None:
        """The office asked before is not asked any more; the new one is."""
        state = placed(*ASKED, choose(d.Candidate("pr-new", "st-new", is_in_house=False)))

        assert [("office_request", 2)] == [(e.kind, e.revision) for e in d.wanted_effects(state)]

    def test_gives_back_the_visit_at_the_one_before(self) -> None:
        """A visit belongs to its provider."""
        assert ["VisitCancelled", "ProviderChosen", "OfficeAsked"] == kinds(decide(choose(AWAY), placed(*BOOKED)))

    def test_gives_up_what_is_claimed_at_the_one_before(self) -> None:
        """Also what is only under way; then the search goes on at the new one."""
        state = placed(*CLAIMING, choose(d.Candidate("pr-new", "st-new", is_in_house=True)))

        assert state.seeking == d.Searching(2, "pr-new", TUESDAY + HOUR / 4)
        assert [1] == [attempt.number for attempt in state.given_up]

    def test_refuses_before_the_referral_is_complete(self) -> None:
        """What is missing may decide who is right."""
        with pytest.raises(Rejected, match="complete"):
            decide(choose(AWAY), placed(ordered()[0]))

    @pytest.mark.parametrize("end", [ENDED, report()])
    def test_refuses_when_it_is_over(self, end: Any) -> None:
        """Nobody is chosen for nothing."""
        with pytest.raises(Conflict):
            decide(choose(AWAY), placed(*BOOKED, end))

    def test_refuses_while_a_visit_is_under_way(self) -> None:
        """Its outcome comes first."""
        with pytest.raises(Conflict, match="outcome"):
            decide(choose(AWAY, MISSED_AT), placed(*BOOKED))

    def test_refuses_a_referral_that_nobody_told_of(self) -> None:
        """An id that was never heard is answered like one of another tenant."""
        with pytest.raises(NotFound):
            decide(choose(AWAY), d.INITIAL)

    def test_stays_quiet_when_it_is_so_already(self) -> None:
        """A second click changes nothing."""
        assert [] == decide(choose(AWAY), placed(*ASKED))
