"""The simulation can fail: each mistake that the engine or a service could have made is found within 500 seeds."""

import re
from collections.abc import Mapping

import pytest

from tests.simulation.defects import ENGINE, SERVICES, Plant
from tests.simulation.runs import Verdict, judge

SEEDS = 500
BROKEN_SIMULATION = "Traceback"
COMPLAINTS: Mapping[str, str] = {
    "offset committed before save": r"has seen \d+ of \d+ facts",
    "offset committed before what was put off": r"has seen \d+ of \d+ facts",
    "what was put off forgotten when its save is lost": "dead letters without any poison",
    "outbox cleared before acknowledgement": "first appearances of",
    "only the newest entry published": "first appearances of",
    "two batches of one outbox in flight": "first appearances of",
    "no seen check": r"heard of .*, not \[",
    "save without version": "told went back",
    "successors of a waiting entry applied": "waiting is left",
    "a hole ignored": r"lost \w+/",
    "replay that takes a new sequence": r"lost \w+/",
    "answers not remembered": r"said .* 2 times",
    "time finer than what is stored": "in two ways",
    "a mended copy dropped while it waits": "waiting is left",
    "call made before it is written": "two revisions of .* are alive",
    "call made though its save was lost": "was done twice",
    "call resent without waiting until it can no longer land": "was done twice",
    "withdrawal that overtakes a live send": "two revisions of .* are alive",
    "wake by the machine's own clock": r"fired .*, which was due at",
    "only the owner may wake": "does not come to rest: .* was due at",
    "a wake that does not move wake_at": "never fired",
    "a deadline decided while parked": "decided a deadline while parked",
    "an unanswered send forgotten": "was not corrected",
    "a call begun after standing still": "was done twice",
    "claim released before its attempt is dead": "has not its day",
    "check-then-insert slot": "claims of .* meet",
    "cancellation that forgets the slot": "is over and holds a visit",
    "cancellation that forgets the authorization": "was cancelled, and .* still has",
    "cancellation that forgets the reminders": r"visit_reminder, \w+\) went out at .*, of use until",
    "a waiting state without a due time": "waits for nobody of ours",
}
"""What the verdict has to say of each: any other would be found by accident."""


def first_to_say(complaint: str, kind: str) -> Verdict | None:
    """The first seed of which that is said. The simulation itself holds in all before it."""
    for seed in range(SEEDS):
        verdict = judge(kind, seed)
        assert BROKEN_SIMULATION not in str(verdict.wrong)
        if any(re.search(complaint, each) for each in verdict.wrong):
            return verdict
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "name", "plant"),
    [(kind, *each) for kind, plants in (("engine", ENGINE), ("services", SERVICES)) for each in plants.items()],
    ids=[*ENGINE, *SERVICES],
)
def test_finds_a_defect(kind: str, name: str, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise is broken, and the verdict says which."""
    plant(monkeypatch)

    assert first_to_say(COMPLAINTS[name], kind) is not None
