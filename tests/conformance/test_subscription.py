import asyncio
import time
from contextlib import suppress
from secrets import token_hex

import pytest

from shared.errors import Unavailable
from shared.kafka import subscription as reading
from shared.ports import Bus, Record, Subscription
from tests.conformance.wires import PARTITIONS, Wire
from tests.support.reading import ends_of, read_until

EVERY_PARTITION = list(range(PARTITIONS))
LARGE_BYTES = 200_000
NEVER_S, REBALANCE_S = 1_000, 60
"""After so long a broker deals out partitions though somebody does not let go of his."""


def group() -> str:
    """A consumer group that has read nothing yet."""
    return f"group-{token_hex(4)}"


async def fill(bus: Bus, topic: str, each: int) -> None:
    """So many records in every partition."""
    for partition in EVERY_PARTITION:
        records = [Record(b"k", (), f"{partition}:{n}".encode()) for n in range(each)]
        assert each == await bus.send(topic, partition, records)


async def share_out(*members: Subscription) -> list[list[int]]:
    """Fetch with all members until together they own every partition once; who owns which."""
    deadline = time.monotonic() + 120
    while True:
        await asyncio.gather(*(member.fetch(1) for member in members))
        for member in members:
            with suppress(Unavailable):  # its partitions are being dealt out, so it will begin at what is committed
                await member.rewind()
        shares = [list(member.assigned()) for member in members]
        if sorted(partition for share in shares for partition in share) == EVERY_PARTITION and all(shares):
            return shares
        assert time.monotonic() < deadline, f"The partitions were not shared out: {shares}."


async def send_until(joined: Subscription, bus: Bus, topic: str) -> None:
    """Send records at a pace that leaves the readers time, until that member has partitions."""
    while not joined.assigned():
        await fill(bus, topic, 1)
        await asyncio.sleep(0.05)


async def work_until(joined: Subscription, member: Subscription) -> None:
    """Read and, once a second, commit, until the one that joins has partitions."""
    done: dict[tuple[str, int], int] = {}
    commit_at = time.monotonic() + 1
    while not joined.assigned():
        done |= ends_of(await member.fetch(10, 0.05))
        if time.monotonic() >= commit_at:
            await member.commit(done)
            done, commit_at = {}, time.monotonic() + 1


class TestFetch:
    async def test_begins_at_the_beginning(self, wire: Wire) -> None:
        """A new service reads everything that was ever told."""
        topic, bus = await wire.topic(), await wire.bus()
        await fill(bus, topic, 3)

        received = await read_until(await wire.subscription(group(), [topic]), 12)

        assert {(p, n) for p in EVERY_PARTITION for n in range(3)} == {(r.partition, r.offset) for r in received}

    async def test_keeps_the_order_of_each_partition(self, wire: Wire) -> None:
        """One referral's facts come as they were told."""
        topic, bus = await wire.topic(), await wire.bus()
        await fill(bus, topic, 20)

        received = await read_until(await wire.subscription(group(), [topic]), 80)

        for partition in EVERY_PARTITION:
            assert list(range(20)) == [r.offset for r in received if r.partition == partition]

    async def test_brings_no_more_than_asked_for(self, wire: Wire) -> None:
        """The rest comes next time, without a gap."""
        topic, bus = await wire.topic(), await wire.bus()
        await fill(bus, topic, 5)
        subscription = await wire.subscription(group(), [topic])

        sizes: list[int] = []
        while sum(sizes) < 20:
            batch = await subscription.fetch(7)
            await subscription.commit(ends_of(batch))
            sizes.append(len(batch))

        assert max(sizes) <= 7
        assert 20 == sum(sizes)

    async def test_brings_batches_that_are_larger_than_it_likes_to_hold(self, wire: Wire) -> None:
        """From every partition at once; one that was passed over for its size would never be read."""
        topic, bus = await wire.topic(), await wire.bus()
        large = [Record(b"k", (), bytes(LARGE_BYTES))] * 2
        for partition in EVERY_PARTITION * 2:
            assert len(large) == await bus.send(topic, partition, large)

        received = await read_until(await wire.subscription(group(), [topic]), 16)

        for partition in EVERY_PARTITION:
            assert [0, 1, 2, 3] == [r.offset for r in received if r.partition == partition]

    async def test_comes_back_empty_after_a_short_while(self, wire: Wire) -> None:
        """Nobody waits for ever: a consumer has other things to look after."""
        subscription = await wire.subscription(group(), [await wire.topic()])

        async with asyncio.timeout(60):
            assert [] == await subscription.fetch(10)

    async def test_reads_several_topics(self, wire: Wire) -> None:
        """Tracking hears four services by one subscription."""
        bus, topics = await wire.bus(), [await wire.topic() for _ in range(3)]
        for topic in topics:
            await fill(bus, topic, 1)

        received = await read_until(await wire.subscription(group(), topics), 12)

        assert {(topic, p) for topic in topics for p in EVERY_PARTITION} == {(r.topic, r.partition) for r in received}

    async def test_does_not_take_from_another_group(self, wire: Wire) -> None:
        """Every service reads everything."""
        topic, bus = await wire.topic(), await wire.bus()
        await fill(bus, topic, 1)

        received = [await read_until(await wire.subscription(group(), [topic]), 4) for _ in range(2)]

        assert [4, 4] == [len(each) for each in received]


class TestCommit:
    async def test_is_where_the_next_of_the_group_goes_on(self, wire: Wire) -> None:
        """What was saved is not read again after a restart; what was not, is."""
        topic, bus, name = await wire.topic(), await wire.bus(), group()
        await bus.send(topic, 0, [Record(None, (), bytes([n])) for n in range(5)])
        first = await wire.subscription(name, [topic])
        await read_until(first, 5)
        await first.commit({(topic, 0): 3})
        await first.stop()

        second = await wire.subscription(name, [topic])

        assert [3, 4] == [record.offset for record in await read_until(second, 2)]

    async def test_can_be_asked_for(self, wire: Wire) -> None:
        """A hole may be given up only when the committed offset has passed it."""
        topic, bus = await wire.topic(), await wire.bus()
        await fill(bus, topic, 2)
        subscription = await wire.subscription(group(), [topic])
        await share_out(subscription)
        before = await subscription.committed(topic, 2)

        await read_until(subscription, 8)

        assert (0, 2) == (before, await subscription.committed(topic, 2))

    async def test_stays_quiet_when_the_partition_is_no_longer_ours(self, wire: Wire) -> None:
        """A zombie's late commit neither fails nor moves the group back."""
        topic, bus, name = await wire.topic(), await wire.bus(), group()
        await bus.send(topic, 0, [Record(None, (), bytes([n])) for n in range(5)])
        zombie = await wire.subscription(name, [topic])
        stale = ends_of((await read_until(zombie, 5))[:1])
        heir = await wire.subscription(name, [topic])
        shares = await share_out(zombie, heir)
        loser, owner = (zombie, heir) if 0 in shares[1] else (heir, zombie)

        await loser.commit(stale)

        assert 5 == await owner.committed(topic, 0)

    async def test_does_not_go_back_where_a_partition_was_away_meanwhile(self, wire: Wire) -> None:
        """Between two of our commits others had it, and have read on."""
        topic, bus, name = await wire.topic(), await wire.bus(), group()
        await fill(bus, topic, 3)
        mine = await wire.subscription(name, [topic])
        stale = {(topic, partition): 1 for partition in EVERY_PARTITION}
        await read_until(mine, 12)
        other = await wire.subscription(name, [topic])
        await share_out(mine, other)
        await other.stop()
        await share_out(mine)
        await bus.send(topic, 0, [Record(None, (), b"news")])
        async with asyncio.timeout(120):
            while not await mine.fetch(10):
                pass

        await mine.commit(stale | {(topic, 0): 4})

        assert [4, 3, 3, 3] == [await mine.committed(topic, partition) for partition in EVERY_PARTITION]


class TestRewind:
    async def test_reads_again_what_was_not_committed(self, wire: Wire) -> None:
        """A batch whose save failed comes once more, from the first record that was not done."""
        topic, bus = await wire.topic(), await wire.bus()
        await bus.send(topic, 3, [Record(None, (), bytes([n])) for n in range(6)])
        subscription = await wire.subscription(group(), [topic])
        await read_until(subscription, 6)
        await subscription.commit({(topic, 3): 2})

        await subscription.rewind()

        assert [2, 3, 4, 5] == [record.offset for record in await read_until(subscription, 4)]

    async def test_goes_to_the_beginning_when_nothing_was_committed(self, wire: Wire) -> None:
        """The very first batch may fail too."""
        topic, bus = await wire.topic(), await wire.bus()
        await bus.send(topic, 3, [Record(None, (), b"first")])
        subscription = await wire.subscription(group(), [topic])
        while not await subscription.fetch(10):
            pass

        await subscription.rewind()

        assert [0] == [record.offset for record in await read_until(subscription, 1)]


class TestAssigned:
    async def test_is_everything_for_one_alone(self, wire: Wire) -> None:
        """The only replica wakes every slot, and hears every referral."""
        subscription = await wire.subscription(group(), [await wire.topic()])

        assert [EVERY_PARTITION] == await share_out(subscription)

    async def test_is_shared_among_two_and_comes_back(self, wire: Wire) -> None:
        """Two replicas divide the partitions between them, and what one leaves the other takes over."""
        topic, bus, name = await wire.topic(), await wire.bus(), group()
        first, second = [await wire.subscription(name, [topic]) for _ in range(2)]
        await share_out(first, second)

        await second.stop()

        assert [EVERY_PARTITION] == await share_out(first)
        await fill(bus, topic, 1)
        assert set(EVERY_PARTITION) == {record.partition for record in await read_until(first, 4)}

    async def test_is_shared_while_records_come(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who reads on between its commits, as the consumer does, has a batch out most of the time.

        It may take what a starved broker takes, but not until a batch's or the broker's own patience is over.
        """
        monkeypatch.setattr(reading, "DRAIN_TIMEOUT_S", NEVER_S)
        topic, bus, name = await wire.topic(), await wire.bus(), group()
        await fill(bus, topic, 1)
        first = await wire.subscription(name, [topic])
        await read_until(first, 4)
        second = await wire.subscription(name, [topic])

        async with asyncio.timeout(REBALANCE_S * 0.9):
            await asyncio.gather(send_until(second, bus, topic), work_until(second, first), work_until(second, second))

    async def test_is_the_same_partition_in_every_topic(self, wire: Wire) -> None:
        """A referral's facts of all services come to one replica."""
        bus, topics, name = await wire.bus(), [await wire.topic() for _ in range(2)], group()
        members = [await wire.subscription(name, topics) for _ in range(2)]
        shares = await share_out(*members)
        for topic in topics:
            await fill(bus, topic, 1)

        batches = await asyncio.gather(*(read_until(m, 2 * len(s)) for m, s in zip(members, shares, strict=True)))

        for share, batch in zip(shares, batches, strict=True):
            assert {(topic, p) for topic in topics for p in share} == {(r.topic, r.partition) for r in batch}


class TestLag:
    async def test_counts_what_was_not_fetched(self, wire: Wire) -> None:
        """How far behind a service is, as of its last look."""
        topic, bus = await wire.topic(), await wire.bus()
        subscription = await wire.subscription(group(), [topic])
        await share_out(subscription)
        await fill(bus, topic, 5)

        await read_until(subscription, 20)

        assert {0} == set(subscription.lag().values())
        assert {(topic, p) for p in EVERY_PARTITION} == set(subscription.lag())
