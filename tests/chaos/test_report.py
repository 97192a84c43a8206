from datetime import timedelta

from tests.chaos.report import summary
from tests.chaos.run import Outcome, Plan
from tests.chaos.test_checks import GOOD


def outcome(*violations: str) -> Outcome:
    """A run of two referrals under no fault."""
    return Outcome(Plan(7, 2, 0, 0), (), timedelta(days=1), {"ok": 2}, GOOD, violations, {"storm": 1.0}, "accepted")


class TestSummary:
    def test_ends_with_what_it_proves(self) -> None:
        """The last line alone is said when all is green: how often something may still be wrong."""
        *_, last = summary(outcome())

        assert "0 violations in 2 referrals: at most 3/2 = 1.5e+00 at 95 %" == last

    def test_ends_with_how_much_is_wrong(self) -> None:
        """Nothing is proved then."""
        *_, sentence, last = summary(outcome("parked: 1 dead letters"))

        assert ["VIOLATION   parked: 1 dead letters", "1 violations in 2 referrals"] == [sentence, last]

    def test_counts_facts_and_their_repetitions(self) -> None:
        """Eight facts of each referral were told; of each service's the first was told again."""
        lines = list(summary(outcome()))

        assert "facts       16 told, 8 of them more than once" in lines
