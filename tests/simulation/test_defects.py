"""The simulation can fail: each mistake that the engine or a service could have made is found within 500 seeds."""

import pytest

from tests.simulation.defects import ENGINE, SERVICES, Plant
from tests.simulation.runs import Verdict, judge

SEEDS = 500
BROKEN_SIMULATION = "Traceback"


def first_failure(kind: str) -> Verdict | None:
    """The first seed that fails."""
    return next((verdict for seed in range(SEEDS) if (verdict := judge(kind, seed)).wrong), None)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "plant"),
    [*(("engine", plant) for plant in ENGINE.values()), *(("services", plant) for plant in SERVICES.values())],
    ids=[*ENGINE, *SERVICES],
)
def test_finds_a_defect(kind: str, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise is broken, and the verdict says which; the simulation itself holds."""
    plant(monkeypatch)
    verdict = first_failure(kind)

    assert verdict is not None
    assert BROKEN_SIMULATION not in str(verdict.wrong)
