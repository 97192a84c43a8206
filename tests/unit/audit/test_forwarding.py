import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from joserfc.jwk import ECKey

from shared.audit import AccessRecord, Broken, Forwarder, Head, Keeper, Recorder, broken
from shared.audit.chain import BESIDE, canonical
from shared.audit.forwarding import LEFT_BEHIND, LOOKS_AFTER, is_head
from shared.audit.heads import Signer, kid_of, public_keys, signed_head
from shared.audit.recorder import PENDING
from shared.contracts.envelope import ACCESS_TOPIC
from shared.errors import Unavailable
from shared.ports import Received, Record
from tests.support.memory import Broker, Disk, MemoryBus, MemoryRows, MemorySubscription, Weather

NOW_S = 1_800_000_000.0
KEY = ECKey.generate_key("P-384", {"kid": kid_of("intake")})
KEYS = public_keys({"keys": [KEY.as_dict(private=False)]})


@dataclass
class Road:
    """A service's records, the topic, and where the records of all are kept."""

    disk: Disk = field(default_factory=Disk)
    now_s: float = NOW_S

    def __post_init__(self) -> None:
        """Put it together."""
        self.broker = Broker(self.disk)
        self.bus = MemoryBus(self.broker, Weather())
        self.recorder = self.process("intake-1")
        self.forwarder = Forwarder(self.recorder, self.bus)
        self.kept_rows = MemoryRows(self.disk, "tracking.access", Weather())

    def process(self, chain: str) -> Recorder:
        """A process of intake."""
        return Recorder("intake", MemoryRows(self.disk, "intake.access", Weather()), chain, lambda: self.now_s)

    async def write(self, *subjects: str, recorder: Recorder | None = None) -> None:
        """Put these on record."""
        recorder = recorder or self.recorder
        for subject in subjects:
            record = AccessRecord(kind="request", at=recorder.now(), service="intake", outcome="allowed", tenant="demo")
            await recorder.write(replace(record, subject=subject))

    async def keep(self, own: str = "tracking") -> None:
        """Keep what has come, in this service."""
        subscription = MemorySubscription(self.broker, "tracking-access", [ACCESS_TOPIC], Weather(), wait_s=0.01)
        await subscription.start()
        keeper = Keeper(subscription, self.kept_rows, own)
        for _ in range(3):
            await keeper.keep()
        await subscription.stop()

    @property
    def sent(self) -> list[Received]:
        """What is on the topic."""
        return [record for (topic, _), log in self.disk.topics.items() if topic == ACCESS_TOPIC for record in log]

    def kept(self) -> list[dict[str, Any]]:
        """What is kept of all."""
        return self.disk.rows_of("tracking.access")

    def spoil(self, **changes: Any) -> None:
        """Somebody sends something by hand."""
        content = {**json.loads(self.sent[0].value or b""), **changes}
        self.broker.append(ACCESS_TOPIC, 0, [Record(b"x", (), json.dumps(content).encode())])


def _hashed(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in BESIDE}


@pytest.fixture
def road() -> Road:
    """A road on which nothing has gone yet."""
    return Road()


class TestForwarder:
    async def test_sends_each_record_once(self, road: Road) -> None:
        """In the order of the chain, and keyed by it; what has gone carries no mark any more."""
        await road.write("a", "b")

        assert (2, 0) == (await road.forwarder.forward(), await road.forwarder.forward())
        assert ["a", "b"] == [json.loads(record.value or b"")["subject"] for record in road.sent]
        assert {b"intake-1"} == {record.key for record in road.sent}
        assert [None, None] == [row.get(PENDING) for row in road.disk.rows_of("intake.access")]

    async def test_sends_again_what_may_not_have_arrived(self, road: Road) -> None:
        """A broker that is away loses nothing."""
        await road.write("a")
        road.disk.is_broker_down = True
        with pytest.raises(Unavailable):
            await road.forwarder.forward()
        road.disk.is_broker_down = False

        assert 1 == await road.forwarder.forward()

    async def test_sends_what_a_process_left_behind_that_is_gone(self, road: Road) -> None:
        """Not at once: it may be at it itself."""
        await road.write("killed", recorder=road.process("intake-0"))
        early = await road.forwarder.forward()
        road.now_s += LEFT_BEHIND.total_seconds() + 1
        late = [await road.forwarder.forward() for _ in range(LOOKS_AFTER)]

        assert (0, 1) == (early, sum(late))
        assert [b"intake-0"] == [record.key for record in road.sent]

    async def test_goes_on_until_it_is_stopped(self, road: Road) -> None:
        """It is a door of its service, which begins and ends with it."""
        running = asyncio.ensure_future(road.forwarder.run(None))
        await road.write("a")
        async with asyncio.timeout(10):
            while not road.sent:
                await asyncio.sleep(0.01)
        running.cancel()

        assert 1 == len(road.sent)


class TestHeads:
    @pytest.fixture
    def signing(self, road: Road) -> Forwarder:
        """One that signs."""
        road.recorder.signer = Signer(KEY)
        return Forwarder(road.recorder, road.bus)

    def heads(self, road: Road) -> list[Head]:
        """The heads on the topic, believed."""
        return [signed_head((it.value or b"").decode(), KEYS) for it in road.sent if is_head(it)]

    async def test_are_sent_when_there_is_something_new(self, road: Road, signing: Forwarder) -> None:
        """Where the chain is, once each time that it has grown."""
        await signing.send_heads()
        await road.write("a", "b")
        for _ in range(2):
            await signing.send_heads()
        await road.write("c")
        await signing.send_heads()

        assert [2, 3] == [head.number for head in self.heads(road)]
        assert road.recorder.head == self.heads(road)[-1]

    async def test_are_sent_for_what_a_process_left_behind(self, road: Road, signing: Forwarder) -> None:
        """Its chain ends where whoever sent its records says."""
        gone = road.process("intake-0")
        await road.write("killed", recorder=gone)
        road.now_s += LEFT_BEHIND.total_seconds() + 1
        await signing.forward()
        await signing.send_heads()

        assert [gone.head] == self.heads(road)

    async def test_show_a_chain_that_was_written_anew(self, road: Road, signing: Forwarder) -> None:
        """With all hashes computed again it is whole, and not what was signed."""
        await road.write("a", "b")
        await signing.send_heads()
        forger = road.process("intake-1")
        road.disk.rows["intake.access"].clear()
        await road.write("x", "b", recorder=forger)
        forged = road.disk.rows_of("intake.access")

        assert broken("intake-1", forged) is None
        assert Broken("intake-1", 2, "rewritten") == broken("intake-1", forged, self.heads(road))

    async def test_are_not_kept_as_records(self, road: Road, signing: Forwarder) -> None:
        """Who keeps records passes over them."""
        await road.write("a")
        await signing.forward()
        await signing.send_heads()
        await road.keep()

        assert ["a"] == [row["subject"] for row in road.kept()]


class TestKeeper:
    async def test_keeps_what_was_written(self, road: Road) -> None:
        """Byte for byte: the chain is whole where it is kept, too."""
        await road.write("a", "b", "c")
        await road.forwarder.forward()
        await road.keep()

        assert broken("intake-1", road.kept(), [road.recorder.head]) is None
        assert ["a", "b", "c"] == [row["subject"] for row in road.kept()]

    async def test_keeps_the_first_that_came(self, road: Road) -> None:
        """A record that was changed where it was written, and sent anew, changes nothing here."""
        await road.write("a")
        await road.forwarder.forward()
        await road.keep()
        other = road.process("intake-1")
        await road.keep()
        rows = road.disk.rows["intake.access"]
        rows.clear()
        await road.write("forged", recorder=other)
        await Forwarder(other, road.bus).forward()
        await road.keep()

        assert ["a"] == [row["subject"] for row in road.kept()]

    async def test_goes_on_where_one_cannot_be_kept(self, road: Road) -> None:
        """Its hash is right, and no store holds such a number: whoever may write to the topic stops nobody."""
        await road.write("a")
        await road.forwarder.forward()
        content = {**json.loads(road.sent[0].value or b""), "number": 2, "count": 2**70}
        road.spoil(**{**content, "hash": sha256(canonical(_hashed(content))).hexdigest()})
        await road.write("b")
        await road.forwarder.forward()
        await road.keep()

        assert ["a", "b"] == [row["subject"] for row in road.kept()]

    async def test_leaves_out_what_is_its_own(self, road: Road) -> None:
        """It lies in that very collection already."""
        await road.write("a")
        await road.forwarder.forward()
        await road.keep(own="intake")

        assert [] == road.kept()

    @pytest.mark.parametrize("changes", [{"subject": "else"}, {"number": "x"}, {"hash": ""}, {"more": 1}])
    async def test_keeps_nothing_that_is_no_record(self, road: Road, changes: dict[str, Any]) -> None:
        """It is logged, and what follows it is kept."""
        await road.write("a")
        await road.forwarder.forward()
        road.spoil(**changes)
        await road.write("b")
        await road.forwarder.forward()
        await road.keep()

        assert ["a", "b"] == [row["subject"] for row in road.kept()]
        assert datetime.fromtimestamp(NOW_S, UTC).isoformat(timespec="microseconds") == road.kept()[0]["at"]
