from collections import Counter

import pytest

from deploy.simulators.behaviour import KINDS, TABLES, Kind, between, chosen, draw


class TestChosen:
    @pytest.mark.parametrize("kind", KINDS)
    def test_meets_every_behaviour_in_its_share(self, kind: Kind) -> None:
        """Over many identifiers each behaviour is met as often as its table says."""
        n = 10_000

        met = Counter(chosen("a seed", kind, f"request-{i}") for i in range(n))

        assert {behaviour for behaviour, _ in TABLES[kind]} == set(met)
        for behaviour, share in TABLES[kind]:
            assert abs(met[behaviour] / n * 100 - share) < 2

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_a_table_that_adds_up(self, kind: Kind) -> None:
        """The shares of a table are the whole."""
        assert 100 == sum(share for _, share in TABLES[kind])

    def test_depends_on_nothing_but_its_arguments(self) -> None:
        """The same identifier meets the same behaviour in any process, on any day: these were drawn once."""
        drawn = [chosen("throughline", "authorization", f"request-{i}") for i in range(6)]

        assert [
            "pend_for_ever",
            "pend_then_certify",
            "pend_then_certify",
            "certify",
            "certify",
            "certify",
        ] == drawn

    def test_tells_other_stories_with_another_seed(self) -> None:
        """A seed is a whole new world."""
        identifiers = [f"request-{i}" for i in range(200)]

        one, other = ([chosen(seed, "authorization", i) for i in identifiers] for seed in ("one", "other"))

        assert one != other

    def test_draws_each_kind_by_itself(self) -> None:
        """Who is declined is not thereby who is denied: draws of different kinds are independent."""
        assert draw("seed", "visit", "a") != draw("seed", "report", "a")


class TestBetween:
    def test_meets_both_bounds_and_nothing_beyond(self) -> None:
        """Bounds are included."""
        assert {1, 2, 3, 4, 5} == {between("seed", "days", f"visit-{i}", (1, 5)) for i in range(500)}
