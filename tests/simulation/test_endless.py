"""A seed or a history that would not end is found: it says which seed it is, and where it goes in circles."""

import asyncio
import re
from typing import Any

import httpx2
import pytest

from shared.messaging.consumer import Consumer
from shared.messaging.outbox import Publisher
from tests.simulation.endless import Endless
from tests.simulation.histories.orders import order
from tests.simulation.histories.outside import hoped_for
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.runs import judge
from tests.support.memory import EPOCH

SEED = 7
PLACE = r"\d+ x _reply \(tests/simulation/test_endless.py:\d+\)"


async def _reply(mine: asyncio.Queue[int], theirs: asyncio.Queue[int]) -> None:
    while True:
        theirs.put_nowait(await mine.get())


async def _reply_to_each_other(*_: Any) -> None:
    """Two answer each other, and no time passes."""
    one, other = asyncio.Queue[int](), asyncio.Queue[int]()
    one.put_nowait(1)
    await asyncio.gather(_reply(one, other), _reply(other, one))


class TestEndlessSeed:
    @pytest.mark.parametrize("kind", ["engine", "services"])
    def test_is_a_finding(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The verdict names the seed, how to replay it, and the place. The next seed is played as ever."""
        before = judge(kind, SEED)
        with monkeypatch.context() as patch:
            patch.setattr(Consumer, "_take", _reply_to_each_other)
            verdict = judge(kind, SEED)

        [finding] = verdict.wrong
        assert re.fullmatch(rf"Seed {SEED} does not end: after \d+ steps its time is .* s\. .*: {PLACE}.*", finding)
        assert f"Replay: python -m tests.simulation 1 {SEED} {kind}" in str(verdict)
        assert before == judge(kind, SEED)


class TestEndlessHistory:
    def test_is_a_finding(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What does not end within one thing that is done is named by its place; Hypothesis prints the history."""
        monkeypatch.setattr(Publisher, "_round", _reply_to_each_other)
        house = SteppedServices(EPOCH)
        ordered = httpx2.Request("POST", "http://intake.example/v1/referrals", json=order(hoped_for, house.now))
        ordered.headers["Authorization"] = "Bearer clinician:sam.clinician"

        with pytest.raises(Endless, match=PLACE):
            house.ask("intake", ordered)
        house.close()
