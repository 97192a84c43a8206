import asyncio
from collections.abc import Callable
from datetime import timedelta
from secrets import randbelow

import pytest

from deploy.local.tools import Lacking
from tests.chaos.faults import DECK
from tests.chaos.installation import installation
from tests.chaos.report import summary
from tests.chaos.run import Outcome, Plan, play
from tests.support.sizes import SIZES

REFERRALS, FAULTS, DAYS_AFTER = SIZES.chaos_referrals, SIZES.chaos_faults, SIZES.chaos_days_after
SEEDS = 10**6


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, say: Callable[[str], None]) -> Outcome:
    """A run with another seed each time.

    What it proves is said at the end; its summary is shown when something is wrong, its logs stay.
    """
    plan = Plan(randbelow(SEEDS), REFERRALS, FAULTS, DAYS_AFTER)
    directory = tmp_path_factory.mktemp("chaos")
    print(f"seed {plan.seed}, logs in {directory}/logs")  # noqa: T201 - pytest shows it when something is wrong
    try:
        with installation(directory) as parts:
            found = asyncio.run(play(parts, plan, print))
    except Lacking as lacking:
        pytest.skip(f"the chaos run kills a broker and a database of its own: {lacking} ({lacking.remedy})")
    *lines, bound = summary(found)
    print(*lines, sep="\n")  # noqa: T201 - as above
    say(f"chaos, seed {plan.seed}: {bound}")
    say(f"chaos, outside judge: {found.judgement}")
    return found


@pytest.mark.timeout(1200)
class TestChaos:
    def test_leaves_every_invariant_whole(self, outcome: Outcome) -> None:
        """Whatever was killed or frozen under load, nothing is lost, doubled, out of order or left to nobody."""
        assert () == outcome.violations

    def test_was_a_real_one(self, outcome: Outcome) -> None:
        """Each kind of fault struck, time passed meanwhile, and what is judged was there.

        Documents were spoiled. Clients met calls whose outcome they could not know, and cancelled something.
        """
        assert len(DECK) <= FAULTS == len(outcome.strikes)
        assert REFERRALS == len(outcome.evidence.standings)
        assert outcome.calls["unknown"] > 0
        assert outcome.evidence.spoiled
        assert outcome.passed > timedelta()
        assert any(answered.is_cancelled for answered in outcome.evidence.answered)
