"""Who pays, and whether they must be asked."""

from datetime import timedelta

import pytest

from services.authorization import domain
from shared.contracts.authorization import AuthorizationNotRequired, CoverageNotVerified, CoverageVerified
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.authorization.words import (
    ASKED,
    COVERAGE_PROBLEM,
    OTHER_PAYER,
    PAYER,
    SOON,
    TUESDAY,
    after,
    answer,
    chosen,
    correct,
    coverage,
    eligible,
    gave_up,
    heard,
    opened,
    self_pay,
    started,
    step_of,
    tick,
    told,
    wanted,
)


class TestOpenCase:
    def test_keeps_what_was_received_and_asks_nobody(self) -> None:
        """Until nothing is missing, no payer hears of the patient."""
        case = after(opened("urgent"))

        assert ("urgent", "pw-1", "sealed-coverage", "sealed-clinical") == (
            case.priority,
            case.pathway,
            case.coverage_seal,
            case.clinical_seal,
        )
        assert ([], None, None) == (domain.wanted_effects(case), only(domain.tasks(case)), domain.next_due(case))

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A referral is received once."""
        assert [] == domain.decide(opened("stat"), after(opened()))


class TestTakeInformation:
    def test_takes_the_seals_that_changed(self) -> None:
        """What was not supplied stays."""
        supplied = domain.TakeInformation(**heard(), coverage=coverage(OTHER_PAYER, seal="new"), clinical=None)
        case = after(opened(), supplied)

        assert ("new", "sealed-clinical") == (case.coverage_seal, case.clinical_seal)

    def test_has_another_policy_checked_anew(self) -> None:
        """An answer about the old policy says nothing about the new one, and a request under it is asked again."""
        supplied = domain.TakeInformation(**heard(), coverage=coverage(OTHER_PAYER, seal="new"), clinical=None)
        case = after(*ASKED, answer("A1"), supplied)
        assert [("eligibility", 2), ("submission", 1)] == wanted(case)

        case = after(*ASKED, answer("A1"), supplied, eligible(check=2, payer=OTHER_PAYER))
        assert [("eligibility", 2), ("submission", 2)] == wanted(case)
        assert ["alder-valley", "bluecedar"] == [asked.payer for asked in case.asked]

        case = after(*ASKED, answer("A1"), supplied, eligible("N", check=2, payer=OTHER_PAYER))
        assert ("not_required", [("eligibility", 2)]) == (domain.status(case), wanted(case))

    def test_stays_quiet_when_no_seal_changed(self) -> None:
        """What others keep, and what we have already, is no news."""
        same = domain.TakeInformation(**heard(), coverage=coverage(PAYER), clinical="sealed-clinical")

        assert [] == domain.decide(domain.TakeInformation(**heard(), coverage=None, clinical=None), after(opened()))
        assert [] == domain.decide(same, after(opened()))


class TestStartCase:
    def test_asks_the_payer_that_pays_first(self) -> None:
        """Coverage is checked with the first policy, within the hour."""
        case = after(opened("routine", PAYER, OTHER_PAYER), started())
        [effect] = domain.wanted_effects(case)

        assert ("eligibility", 1, "alder-valley") == (effect.kind, effect.revision, effect.target)
        assert ("verify_coverage", "system", "coverage", SOON) == step_of(case)

    def test_asks_for_the_most_urgent_first(self) -> None:
        """FHIR's request-priority puts asap above urgent."""
        cases = {p: after(opened(p, PAYER), started()) for p in ("routine", "urgent", "asap", "stat")}
        urgency = {p: domain.wanted_effects(case)[0].urgency for p, case in cases.items()}

        assert ["stat", "asap", "urgent", "routine"] == sorted(urgency, key=urgency.__getitem__)

    def test_asks_nobody_when_there_is_no_policy(self) -> None:
        """Who pays for himself needs nobody's leave."""
        opened_without_policy = domain.OpenCase(
            **heard(), priority="stat", pathway="pw-1", coverage=None, clinical=None
        )
        [fact] = told(started(), after(opened_without_policy))

        assert isinstance(fact, AuthorizationNotRequired)
        assert ("self_pay", "self-pay") == (fact.basis, fact.payer)
        assert [] == wanted(after(opened_without_policy, started()))

    def test_has_a_person_find_a_missing_member_id(self) -> None:
        """Without a member id there is nothing to ask a payer by."""
        case = after(opened(has_member_id=False), started())

        assert ("resolve_coverage", "coordinator", "coverage", TUESDAY) == step_of(case)
        assert [] == wanted(case)

    def test_lets_stat_go_at_once_and_asks_behind_it(self) -> None:
        """STAT never waits for a payer, and the payer is asked all the same."""
        facts = told(started(), after(opened("stat")))
        assert ["AuthorizationOverridden"] == kinds(facts)
        assert ("service", "stat") == (facts[0].by.kind, facts[0].reason.code)

        case = after(opened("stat"), started(), eligible(), chosen())
        assert ("submitting", True, "expedited") == (domain.status(case), case.is_overridden, case.urgency)

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A case starts once."""
        assert [] == domain.decide(started(), after(opened(), started()))


class TestRecordEligibility:
    @pytest.mark.parametrize("eb01", list("12345"))
    def test_verifies_what_is_in_force(self, eb01: str) -> None:
        """X12 271 EB01 1 to 5 are active."""
        [fact] = told(eligible(eb01=eb01), after(opened(), started()))

        assert isinstance(fact, CoverageVerified)
        assert (1, "alder-valley", "commercial") == (fact.rank, fact.payer, fact.line)

    @pytest.mark.parametrize("auth_required", ["Y", "U", "W", ""])
    def test_asks_for_leave_unless_the_payer_says_that_none_is_needed(self, auth_required: str) -> None:
        """Unknown need is need."""
        case = after(opened(), started(), eligible(auth_required), chosen())

        assert "submitting" == domain.status(case)

    def test_needs_no_leave_when_the_payer_says_so(self) -> None:
        """N ends the matter, whoever the provider will be."""
        facts = told(eligible("N"), after(opened(), started()))
        assert ["CoverageVerified", "AuthorizationNotRequired"] == kinds(facts)
        assert ("payer", "alder-valley") == (facts[1].basis, facts[1].payer)

        case = after(opened(), started(), eligible("N"), chosen())
        assert (None, [("eligibility", 1)]) == (only(domain.tasks(case)), wanted(case))

    @pytest.mark.parametrize(("eb01", "code"), [("6", "6"), ("8", "8"), ("I", "unrecognised-answer")])
    def test_has_a_person_resolve_what_is_not_in_force(self, eb01: str, code: str) -> None:
        """An inactive policy and a word that nobody knows go to a coordinator; the word itself is not repeated."""
        [fact] = told(eligible(eb01=eb01), after(opened(), started()))

        assert isinstance(fact, CoverageNotVerified)
        assert code == fact.reason.code
        assert "coverage_problem" == domain.status(after(opened(), started(), fact))
        assert ("resolve_coverage", "coordinator", "coverage", TUESDAY) == step_of(after(opened(), started(), fact))

    def test_takes_an_answer_that_comes_after_the_person_was_asked(self) -> None:
        """Silence is not an answer, so the answer still counts."""
        case = after(opened(), started(), tick(SOON), eligible())

        assert "waiting" == domain.status(case)

    @pytest.mark.parametrize("again", [eligible(), eligible(eb01="6"), eligible("N")])
    def test_stays_quiet_when_answered_twice(self, again: domain.RecordEligibility) -> None:
        """The first answer to a check counts."""
        assert [] == domain.decide(again, after(opened(), started(), eligible()))
        assert [] == domain.decide(again, after(*COVERAGE_PROBLEM))

    def test_stays_quiet_about_a_check_that_counts_no_more(self) -> None:
        """An answer about a policy that was corrected meanwhile is nobody's."""
        assert [] == domain.decide(eligible(), after(*COVERAGE_PROBLEM, correct()))

    def test_refuses_nothing_even_of_a_case_that_it_does_not_know(self) -> None:
        """What a payer answers is never an error of ours."""
        assert [] == domain.decide(eligible(), domain.INITIAL)


class TestUnansweredCheck:
    def test_goes_to_a_person_when_programs_gave_up(self) -> None:
        """The engine's last word about a check is a coordinator's task."""
        [fact] = told(gave_up("eligibility"), after(opened(), started()))

        assert "eligibility-unanswered" == fact.reason.code

    def test_goes_to_a_person_within_the_hour_anyway(self) -> None:
        """Even if the engine were never to give up."""
        case = after(opened(), started(), tick(SOON))

        assert ("resolve_coverage", "coordinator", "coverage", TUESDAY + timedelta(hours=1)) == step_of(case)
        assert [("eligibility", 1)] == wanted(case)

    def test_stays_quiet_before_the_hour_is_over_and_afterwards(self) -> None:
        """A deadline fires once, and not early."""
        assert [] == domain.decide(tick(SOON - timedelta(seconds=1)), after(opened(), started()))
        assert [] == domain.decide(tick(SOON), after(opened(), started(), tick(SOON)))
        assert [] == domain.decide(gave_up("eligibility"), after(opened(), started(), eligible()))
        assert [] == domain.decide(gave_up("eligibility", 1), after(*COVERAGE_PROBLEM, correct()))


class TestCorrectCoverage:
    def test_has_the_corrected_policy_checked(self) -> None:
        """Another policy is another question, under another id."""
        case = after(*COVERAGE_PROBLEM, correct())

        assert ("checking", "sealed-anew") == (domain.status(case), case.coverage_seal)
        assert [("eligibility", 2)] == wanted(case)

    def test_refuses_where_the_coverage_is_not_in_question(self) -> None:
        """What the payer confirmed is not typed over."""
        with pytest.raises(Rejected, match="not in question"):
            domain.decide(correct(), after(*ASKED))
        with pytest.raises(NotFound):
            domain.decide(correct(), domain.INITIAL)


class TestContinueSelfPay:
    def test_ends_the_matter(self) -> None:
        """The patient pays, so nobody is asked, and nothing is left to do here."""
        case = after(*COVERAGE_PROBLEM)
        assert ["AuthorizationNotRequired"] == kinds(told(self_pay(), case))

        case = after(*COVERAGE_PROBLEM, self_pay(), chosen())
        assert ("not_required", None, []) == (domain.status(case), only(domain.tasks(case)), wanted(case))

    def test_refuses_where_the_coverage_is_not_in_question(self) -> None:
        """A covered patient does not pay by a slip of the mouse."""
        with pytest.raises(Rejected, match="not in question"):
            domain.decide(self_pay(), after(*ASKED))

    def test_stays_quiet_when_the_patient_pays_already(self) -> None:
        """Twice is once."""
        assert [] == domain.decide(self_pay(), after(*COVERAGE_PROBLEM, self_pay()))
