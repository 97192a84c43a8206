"""What nobody outside can notice is saved with what follows, and never lost: see ADR 13."""

import itertools

import pytest

from shared.engine import Engine
from shared.errors import Rejected, Unavailable
from shared.messaging.inbox import Delivery
from shared.ports import Received
from tests.support.memory import EPOCH
from tests.support.tally import OTHER, REFERRAL, record
from tests.unit.engine.conftest import Bench

POISON = record(1, EPOCH, value=b"{not json")


async def hear(bench: Bench, *records: Received, engine: Engine | None = None) -> None:
    """As the consumer does it: saving may wait."""
    await (engine or bench.engine).handle([Delivery(bench.reader, each) for each in records], may_defer=True)


async def seen(bench: Bench, key: str = REFERRAL) -> dict[str, int]:
    """The high-water marks that are in the store."""
    stored = await bench.store.load([key])
    return dict(stored[key]["seen"]) if stored else {}


class TestHandle:
    async def test_saves_later_and_once_what_tells_nothing(self, bench: Bench) -> None:
        """Three facts, one write."""
        for sequence in (1, 2, 3):
            await hear(bench, record(sequence, EPOCH))
        before = await seen(bench)
        await bench.engine.flush()

        assert ({}, {"intake": 3}, 1) == (before, await seen(bench), bench.counts["saves"])

    async def test_saves_at_once_what_is_told(self, bench: Bench) -> None:
        """What is parked has a copy for operators, who wait for it."""
        await hear(bench, POISON)

        assert [] != bench.saved
        assert not bench.engine.has_deferred

    async def test_saves_it_with_the_next_command(self, bench: Bench) -> None:
        """Whatever door it comes by; nothing is put off afterwards."""
        await hear(bench, record(1, EPOCH))
        outcome = await bench.add()

        assert (1, {"intake": 1}, False) == (outcome.version, await seen(bench), bench.engine.has_deferred)

    async def test_saves_it_with_a_command_that_is_refused(self, bench: Bench) -> None:
        """The refusal was decided on it, so it had better be true."""
        await hear(bench, record(1, EPOCH))
        outcome = await bench.add(times=-1)

        assert isinstance(outcome.refusal, Rejected)
        assert {"intake": 1} == await seen(bench)


class TestSettle:
    async def test_applies_again_what_another_replica_did_not_know(self, bench: Bench) -> None:
        """The other one saved first: its change stays, and ours is added."""
        other = bench.replica()
        await hear(bench, record(1, EPOCH))
        await other.handle([Delivery(bench.reader, record(1, EPOCH, service="authorization"))])
        await bench.engine.flush()

        document = await bench.tally()
        assert ("authorization1", "intake1") == document.state.heard
        assert {"authorization": 1, "intake": 1} == document.seen

    async def test_drops_what_another_replica_has_heard_itself(self, bench: Bench) -> None:
        """A partition that moved is read again by its new owner; the old one comes late and changes nothing."""
        heir = bench.replica()
        await hear(bench, record(1, EPOCH), record(2, EPOCH))
        await hear(bench, record(1, EPOCH), record(2, EPOCH), engine=heir)
        await heir.flush()
        await bench.engine.flush()

        document = await bench.tally()
        assert (1, ("intake1", "intake2")) == (document.version, document.state.heard)
        assert not bench.engine.has_deferred

    async def test_may_be_repeated_when_the_store_is_down(self, bench: Bench) -> None:
        """Nothing is forgotten for having been tried."""
        await hear(bench, record(1, EPOCH), record(1, EPOCH, OTHER))
        bench.disk.is_database_down = True
        with pytest.raises(Unavailable):
            await bench.engine.flush()
        bench.disk.is_database_down = False
        await bench.engine.flush()

        assert ({"intake": 1}, {"intake": 1}) == (await seen(bench), await seen(bench, OTHER))

    async def test_applies_once_what_was_read_again_and_again(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A database that takes no saves for an hour does not make the next one apply an hour of repetitions."""
        for _ in range(3):
            await hear(bench, record(1, EPOCH))
        other = bench.replica()
        await other.handle([Delivery(bench.reader, record(1, EPOCH, service="authorization"))])
        applied, apply = itertools.count(1), Delivery.apply
        monkeypatch.setattr(Delivery, "apply", lambda self, unit: (next(applied), apply(self, unit))[1])
        await bench.engine.flush()

        assert 2 == next(applied)

    async def test_is_quiet_when_nothing_is_put_off(self, bench: Bench) -> None:
        """A pause costs nothing."""
        await bench.add()
        await bench.engine.flush()

        assert 1 == bench.counts["saves"]


class TestRead:
    async def test_shows_what_was_put_off(self, bench: Bench) -> None:
        """Who reads on this replica need not wait for the next pause."""
        await hear(bench, record(1, EPOCH))

        assert ("intake1",) == (await bench.tally()).state.heard
