"""What comes again with a number that is known, and what tracking makes of it."""

from dataclasses import replace

import pytest

from services.tracking.domain import RecordEnvelope
from shared.contracts.intake import ReferralFoundComplete
from shared.messaging.other_content import OTHER_CONTENT
from tests.unit.tracking.running import Running
from tests.unit.tracking.telling import REFERRAL, Telling, after


@pytest.fixture
async def heard(tracking: Running) -> RecordEnvelope:
    """A fact that is in the ledger."""
    told = Telling().received()
    await tracking.take_in(told)
    return told


async def reasons(tracking: Running) -> list[str | None]:
    """Why something of the referral waits, once all that was told is taken in: the batch after it, too."""
    told = Telling(told={"intake": 1})
    for _ in range(2):
        await tracking.take_in(told("intake", ReferralFoundComplete))
    document = await tracking.until(REFERRAL, lambda document: document.seen["intake"] == told.told["intake"])
    return [entry.reason for entry in document.unsequenced.values() if entry]


class TestWhatComesAgain:
    async def test_is_dropped_where_it_is_the_same(self, tracking: Running, heard: RecordEnvelope) -> None:
        """A repetition, which any restart may bring."""
        await tracking.publish(heard.envelope, heard.value)

        assert [] == await reasons(tracking)

    @pytest.mark.parametrize("times", [1, 2])
    async def test_is_parked_where_it_says_something_else(
        self, tracking: Running, heard: RecordEnvelope, times: int
    ) -> None:
        """By a service that was restored and used its numbers anew: each record is kept, for an operator."""
        for _ in range(times):
            await tracking.publish(replace(heard.envelope, time=after(9)), heard.value)

        assert [OTHER_CONTENT] * times == await reasons(tracking)

    async def test_is_dropped_where_it_is_broken(self, tracking: Running, heard: RecordEnvelope) -> None:
        """What was taken in had mended it."""
        await tracking.publish(heard.envelope, heard.value[:-1])

        assert [] == await reasons(tracking)

    async def test_may_have_come_at_once_with_the_first(self, tracking: Running) -> None:
        """What was taken in is not yet in the ledger then, unless somebody saw to it."""
        told = Telling().received()
        await tracking.publish(told.envelope, told.value)
        await tracking.publish(told.envelope, told.value.replace(b"intake", b"intaka"))
        await tracking.until_seen(told.envelope)

        assert [OTHER_CONTENT] == await reasons(tracking)
