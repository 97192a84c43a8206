"""High-water marks, and the place where what cannot be applied waits."""

from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.intake import ReferralFoundComplete
from shared.contracts.language import Command
from shared.engine import CommandEnvelope
from shared.errors import Rejected
from shared.messaging.inbox import Delivery, EventContext, Reader
from shared.messaging.parked import CloseUnsequenced, DiscardEntry, ReplayEntry, skip_gap
from shared.ports import Received
from tests.support.memory import EPOCH, MemorySubscription
from tests.support.tally import REFERRAL, SOMEBODY, Arm, Hear, Stumble, record

NEWER = "org.throughline.referral.found-complete.v9"


def dead_letters(document: Any) -> list[str]:
    """The topics of the copies for operators."""
    return [entry.topic for entry in document.outbox if entry.sequence == 0]


def told(document: Any) -> list[str]:
    """The names of what the document tells."""
    return [entry.type.rpartition(".")[0].rpartition(".")[2] for entry in document.outbox if entry.sequence]


class TestDelivery:
    async def test_applies_in_order_and_once(self, bench: Any) -> None:
        """A duplicate, however late, has no effect."""
        are_new = await bench.hear(record(1, EPOCH), record(2, EPOCH), record(1, EPOCH), record(2, EPOCH))

        document = await bench.tally()
        assert (("intake1", "intake2"), {"intake": 2}) == (document.state.heard, document.seen)
        assert [True, True, False, False] == are_new

    async def test_keeps_sources_apart(self, bench: Any) -> None:
        """Order is promised within one source only; each has its own high-water mark."""
        await bench.hear(record(1, EPOCH), record(1, EPOCH, service="authorization"), record(2, EPOCH))

        assert ("intake1", "authorization1", "intake2") == (await bench.tally()).state.heard

    async def test_moves_the_mark_for_what_it_has_no_use_for(self, bench: Any) -> None:
        """A fact without a reaction, known or wholly unknown, does not leave a hole."""
        foreign = record(2, EPOCH, type_="org.example.something-else.v1")
        unused = record(1, EPOCH, type_="org.throughline.referral.closed.v1")
        await bench.hear(unused, foreign, record(3, EPOCH))

        document = await bench.tally()
        assert (("intake3",), {"intake": 3}, 1) == (document.state.heard, document.seen, bench.counts["foreign"])

    @pytest.mark.parametrize(
        ("poison", "reason"),
        [
            (record(1, EPOCH, value=b"{not json"), "invalid-json"),
            (record(1, EPOCH, value=b"\xff\xfe"), "invalid-json"),
            (record(1, EPOCH, value=b'{"referral_id": 7}'), "unreadable-data"),
            (record(1, EPOCH, value=None), "null-value"),
            (record(1, EPOCH, value=b'"' + b"x" * 300_000 + b'"'), "oversize"),
            (record(1, EPOCH, type_=NEWER), "newer-version"),
        ],
    )
    async def test_parks_what_cannot_be_read_and_its_successors(
        self, bench: Any, poison: Received, reason: str
    ) -> None:
        """It waits with its reason and bytes, a copy goes to the operators, its source queues, other sources flow."""
        await bench.hear(poison, record(2, EPOCH), record(1, EPOCH, service="authorization"))

        document = await bench.tally()
        assert ("authorization1",) == document.state.heard
        queue = document.waiting["intake"]
        assert [reason, "behind-entry"] == [queue[n].reason for n in (1, 2)]
        assert poison.value == queue[1].value
        assert ["referral.public.intake.v1.dlq"] * 2 == dead_letters(document)
        assert ["parked"] == told(document)

    @pytest.mark.parametrize(("what", "reason"), [("refuse", "refused:not-wanted"), ("stumble", "failed:KeyError")])
    async def test_parks_what_is_refused_for_good(self, bench: Any, what: str, reason: str) -> None:
        """A refusal or a fault of ours is not retried for ever: an operator looks at it."""

        def on_complete(_fact: Any, heard: EventContext) -> Command:
            said: dict[str, Any] = {"at": heard.at, "by": heard.by, "channel": "kafka"}
            return Hear(**said, what=what) if what == "refuse" else Stumble(**said)

        bench.reader = Reader("tally", {ReferralFoundComplete: on_complete}, bench.count)
        await bench.hear(record(1, EPOCH))

        assert reason == (await bench.tally()).waiting["intake"][1].reason

    async def test_waits_behind_a_hole(self, bench: Any) -> None:
        """A sequence that has not come holds up its source, and nothing else."""
        await bench.hear(record(1, EPOCH), record(3, EPOCH), record(4, EPOCH))

        document = await bench.tally()
        assert ("intake1",) == document.state.heard
        assert ["behind-hole"] * 2 == [entry.reason for entry in document.waiting["intake"].values()]
        await bench.hear(record(2, EPOCH))

        document = await bench.tally()
        assert ("intake1", "intake2", "intake3", "intake4") == document.state.heard
        assert ["parked", "unparked"] == told(document)

    async def test_a_mended_copy_takes_the_place_of_a_stuck_one(self, bench: Any) -> None:
        """The publisher sends the same fact again with bytes that can be read."""
        await bench.hear(record(1, EPOCH, value=b"{"), record(2, EPOCH), record(1, EPOCH, offset=9))

        document = await bench.tally()
        assert (("intake1", "intake2"), False) == (document.state.heard, document.is_parked)

    @pytest.mark.parametrize("poison", [record(2, EPOCH, value=b"{"), record(2, EPOCH, type_=NEWER)])
    async def test_a_mended_copy_takes_the_place_of_one_that_will_be_stuck(self, bench: Any, poison: Received) -> None:
        """It may come while the spoiled one waits its turn, and must not be dropped as a duplicate."""
        await bench.hear(poison, record(2, EPOCH, offset=9), poison, record(1, EPOCH, offset=10))

        assert ("intake1", "intake2") == (await bench.tally()).state.heard

    @pytest.mark.parametrize("has_place", [True, False])
    async def test_keeps_no_more_than_a_document_can_hold(self, bench: Any, has_place: bool) -> None:
        """A megabyte a piece, all with one key: the last are known by where they lie, and the sound one is applied."""
        garbage = b"x" * 1024 * 1024
        spoiled = [record(n, EPOCH, value=garbage) for n in range(3, 33)]
        if not has_place:
            spoiled = [replace(each, headers=()) for each in spoiled]
        await bench.engine.handle([Delivery(bench.reader, each) for each in spoiled])
        await bench.hear(record(1, EPOCH), *spoiled[-1:])

        document = await bench.tally()
        kept = list(document.waiting["intake"].values() if has_place else document.unsequenced.values())
        assert [each.origin for each in spoiled] == [entry.origin for entry in kept]
        assert (garbage, 3) == (kept[0].value, sum(entry.value is not None for entry in kept))
        assert (None, "no-room") == (kept[-1].value, kept[-1].reason)
        assert (("intake1",), 30) == (document.state.heard, len(dead_letters(document)))

    @pytest.mark.parametrize("sequence", [b"0", b"-1", b"9" * 20, b"1" + b"0" * 10, b"one"])
    async def test_keeps_a_letter_whose_sequence_is_none(self, bench: Any, sequence: bytes) -> None:
        """A number that no document could hold would end every reader that meets it."""
        good = record(1, EPOCH)
        headers = tuple((name, sequence if name == "ce_sequence" else value) for name, value in good.headers)
        await bench.hear(replace(good, headers=headers, offset=5), good)

        document = await bench.tally()
        assert (1, ("intake1",)) == (len(document.unsequenced), document.state.heard)

    @pytest.mark.parametrize(
        ("key", "attribute"), [(b"demo-another0000000000000000000", None), (REFERRAL.encode(), "ce_sequence")]
    )
    async def test_keeps_a_letter_for_a_record_without_a_place(
        self, bench: Any, key: bytes, attribute: str | None
    ) -> None:
        """Without a readable envelope it rests in the document that its key names, once, and stops nobody."""
        good = record(1, EPOCH)
        headers = tuple((n, v) for n, v in good.headers if n != attribute)
        unsequenced = Received(key, headers, good.value, good.topic, 0, 5)
        await bench.hear(unsequenced, unsequenced, record(1, EPOCH))

        document = await bench.tally(key.decode())
        assert [unsequenced.origin] == list(document.unsequenced)
        assert ["referral.public.intake.v1.dlq"] == dead_letters(document)
        assert ("intake1",) == (await bench.tally()).state.heard

    async def test_keeps_a_letter_without_a_usable_key_by_its_origin(self, bench: Any) -> None:
        """A record that names nothing has a document of its own."""
        good = record(1, EPOCH)
        unsequenced = Received(b"\xff", good.headers, good.value, good.topic, 0, 5)
        await bench.hear(unsequenced)

        assert (await bench.tally(unsequenced.origin)).is_parked


class TestWhileParked:
    async def test_the_operator_has_the_only_task(self, bench: Any) -> None:
        """What is told while parked says so."""
        await bench.hear(record(1, EPOCH, value=b"{"))
        await bench.add("c1")

        document = await bench.tally()
        assert ["operator"] == [task.owner for task in bench.engine.tasks_of(document)]
        assert b'"owner":"operator"' in document.outbox[-1].body

    async def test_no_deadline_is_decided(self, bench: Any) -> None:
        """A deadline that comes due while something waits is decided on the full story, later."""
        arm = Arm(at=EPOCH, by=SOMEBODY, channel="api", due_at=EPOCH)
        await bench.hear(record(1, EPOCH, value=b"{"))
        await bench.engine.handle([CommandEnvelope(key=REFERRAL, id="c", command=arm)])
        assert (await bench.tally()).wake_at is None

        await bench.engine.handle([DiscardEntry(REFERRAL, "intake", 1, bench.reader)])
        assert EPOCH == (await bench.tally()).wake_at


class TestReplayEntry:
    async def test_drains_the_source_once_it_can_be_read(self, bench: Any) -> None:
        """After a release that can read it, everything behind it flows; a second replay does nothing."""
        await bench.hear(record(1, EPOCH, type_="org.throughline.referral.found-complete.v9"), record(2, EPOCH))
        replay = ReplayEntry(REFERRAL, "intake", 1, bench.reader)
        await bench.engine.handle([replay])
        assert (await bench.tally()).is_parked

        document = await bench.tally()
        entry = document.waiting["intake"][1]
        entry.headers = list(record(1, EPOCH).headers)
        unit = bench.engine.unit(document)
        replay.apply(unit)
        assert ("intake1", "intake2") == unit.state.heard
        version = document.version
        await bench.engine.handle([ReplayEntry(REFERRAL, "authorization", 1, bench.reader)])
        assert version == (await bench.tally()).version


class TestDiscardEntry:
    async def test_gives_up_a_stuck_entry_by_name(self, bench: Any) -> None:
        """What waits behind it flows; naming it again, or what is not stuck, does nothing."""
        await bench.hear(record(1, EPOCH, value=b"{"), record(2, EPOCH))
        await bench.engine.handle([DiscardEntry(REFERRAL, "intake", 2, bench.reader)])
        assert () == (await bench.tally()).state.heard
        for _ in range(2):
            await bench.engine.handle([DiscardEntry(REFERRAL, "intake", 1, bench.reader)])

        document = await bench.tally()
        assert (("intake2",), {"intake": 2}, False) == (document.state.heard, document.seen, document.is_parked)


class TestSkipGap:
    async def test_waits_until_the_missing_fact_cannot_come(self, bench: Any) -> None:
        """Only when the committed offset has passed the fact above the gap, and no unsequenced record is open."""
        subscription = MemorySubscription(bench.broker, "g", ["referral.public.intake.v1"], bench.weather)
        await subscription.start()
        unsequenced = Received(REFERRAL.encode(), (), b"", "referral.public.intake.v1", 0, 0)
        await bench.hear(unsequenced, record(2, EPOCH, offset=1))

        async def skip() -> None:
            await skip_gap(bench.engine, bench.reader, subscription, REFERRAL, "intake")

        with pytest.raises(Rejected, match="on its way"):
            await skip()
        bench.disk.committed["g", "referral.public.intake.v1", 0] = 2
        with pytest.raises(Rejected, match="unsequenced"):
            await skip()
        await bench.engine.handle([CloseUnsequenced(REFERRAL, unsequenced.origin)])
        await skip()

        document = await bench.tally()
        assert (("intake2",), False) == (document.state.heard, document.is_parked)

    async def test_a_closed_record_is_not_opened_again(self, bench: Any) -> None:
        """Its tombstone recognises a redelivery."""
        unsequenced = Received(REFERRAL.encode(), (), b"", "referral.public.intake.v1", 0, 0)
        await bench.hear(unsequenced)
        await bench.engine.handle([CloseUnsequenced(REFERRAL, unsequenced.origin), Delivery(bench.reader, unsequenced)])

        assert not (await bench.tally()).is_parked
