import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.cli.reach import Reach
from tests.e2e.running import command_of, eventually, send_order, try_order, types_of
from tests.support.machine import descendants

BROKERS = ("kafka.Kafka", "/tansu")
DATABASE = "/mongod"


@contextmanager
def frozen(*names: str) -> Iterator[None]:
    """The programs of this process's stack whose command line has one of these names stand still meanwhile."""
    pids = [pid for pid in descendants(os.getpid()) if any(name in command_of(pid) for name in names)]
    assert pids, f"None of {names} runs here."
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("platform")
class TestBrokerDown:
    async def test_keeps_no_order_out_and_tells_it_later(self, reach: Reach) -> None:
        """What MongoDB has taken is accepted; it is published when the broker is back."""
        with frozen(*BROKERS):
            referrals = [await send_order(reach, f"UNTOLD-{n}") for n in range(3)]
            assert [set(), set(), set()] == [await types_of(reach, referral) for referral in referrals]

        for referral in referrals:

            async def is_told(referral: str = referral) -> bool:
                return "provider.chosen" in await types_of(reach, referral)

            await eventually(is_told)


@pytest.mark.usefixtures("platform")
class TestDatabaseDown:
    async def test_answers_later_and_never_falsely(self, reach: Reach) -> None:
        """An order that could not be saved is not accepted; sent again, it is one referral."""
        with frozen(DATABASE):
            answer = await try_order(reach, "UNSAVED-1")
            assert 503 == answer.status_code
            assert int(answer.headers["Retry-After"]) > 0

        async def is_taken() -> bool:
            return (await try_order(reach, "UNSAVED-1")).status_code == 202

        await eventually(is_taken)
