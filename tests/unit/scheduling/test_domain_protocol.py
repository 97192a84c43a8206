"""The booking protocol of both deciders together, under chance."""

from random import Random

import pytest

from tests.unit.scheduling.competing_placements import Town


class TestBooking:
    @pytest.mark.parametrize("seed", range(150))
    def test_never_overlaps_and_leaves_nothing_behind(self, seed: int) -> None:
        """A booked visit has all its days alone, after every write; at last only living attempts hold claims."""
        town = Town(Random(seed))

        town.run(250)

        assert [] == town.left_over()
