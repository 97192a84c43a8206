from collections.abc import Sequence
from secrets import token_hex

import pytest

from shared.ports import Bus, Record, Subscription
from tests.conformance.wires import PARTITIONS, Wire
from tests.support.reading import read_until

RECORDS, EACH_BYTES = 120, 20_000


def numbered(count: int, size: int = 10) -> list[Record]:
    """Records that can be told apart."""
    return [Record(b"k", (), f"{number:06}".encode().ljust(size, b".")) for number in range(count)]


async def send_all(bus: Bus, topic: str, partition: int, records: Sequence[Record]) -> list[int]:
    """Send prefix by prefix, as the publisher does; how many each batch took."""
    taken: list[int] = []
    while sum(taken) < len(records):
        taken.append(await bus.send(topic, partition, records[sum(taken) :]))
        assert taken[-1] > 0
    return taken


async def reader(wire: Wire, topic: str) -> Subscription:
    """Somebody who has read nothing yet."""
    return await wire.subscription(f"reader-{token_hex(4)}", [topic])


class TestPartitionOf:
    @pytest.mark.parametrize(
        ("key", "partition"),
        # The hashes of Kafka's own test of its murmur2: any client of any language finds a referral's partition.
        [
            ("21", -973932308),
            ("foobar", -790332482),
            ("abc", 479470107),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ],
    )
    async def test_is_that_of_kafka_itself(self, wire: Wire, key: str, partition: int) -> None:
        """A key has one partition, and every producer agrees on it."""
        assert (partition & 0x7FFFFFFF) % PARTITIONS == (await wire.bus()).partition_of(key)


class TestSend:
    async def test_brings_every_record_as_it_was(self, wire: Wire) -> None:
        """Bytes are bytes: no encoding is assumed, absence is not emptiness, headers keep order and repetition."""
        records = [
            Record(b"\xff\x00", (("a", b"1"), ("b", b""), ("a", b"\xfe")), b"\x00\xff"),
            Record(None, (), b"without a key"),
            Record(b"without a value", (), None),
            Record(b"", (("only", b"header"),), b""),
        ]
        topic, bus = await wire.topic(), await wire.bus()

        await send_all(bus, topic, 1, records)

        received = await read_until(await reader(wire, topic), len(records))
        assert records == [Record(each.key, each.headers, each.value) for each in received]
        assert [(topic, 1, n) for n in range(4)] == [(each.topic, each.partition, each.offset) for each in received]

    async def test_takes_from_the_front_what_fits_and_keeps_the_order(self, wire: Wire) -> None:
        """A batch has a limit; whoever sends the rest next has sent all of it in order."""
        topic, bus, records = await wire.topic(), await wire.bus(), numbered(RECORDS, EACH_BYTES)

        taken = await send_all(bus, topic, 0, records)

        assert len(taken) > 1
        received = await read_until(await reader(wire, topic), RECORDS)
        assert [record.value for record in records] == [each.value for each in received]
        assert list(range(RECORDS)) == [each.offset for each in received]

    async def test_goes_where_it_was_told(self, wire: Wire) -> None:
        """The sender chooses the partition; each numbers its records from 0."""
        topic, bus = await wire.topic(), await wire.bus()

        for partition in (2, 0, 2):
            await send_all(bus, topic, partition, numbered(1))

        received = await read_until(await reader(wire, topic), 3)
        assert {(2, 0), (0, 0), (2, 1)} == {(each.partition, each.offset) for each in received}
