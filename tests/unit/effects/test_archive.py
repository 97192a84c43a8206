"""A document keeps what may still matter of its effects, and of the rest only the last."""

from datetime import UTC, datetime

import pytest

from shared.effects.archive import SETTLED_KEPT, forget_settled
from shared.effects.protocol import DEAD_KEPT, EffectRecord, LiveCall, begin, fold
from shared.engine.document import Cause, Document
from shared.engine.unit_of_work import UnitOfWork
from shared.ports import Answer, Traits
from tests.support.tally import REFERRAL, SOMEBODY, TALLY, WantCall

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MANY = 2 * SETTLED_KEPT


def records(**fields: object) -> dict[str, EffectRecord]:
    """Many effects that are not wanted any more."""
    every = [EffectRecord("search", n, "target", 0, is_wanted=False) for n in range(MANY)]
    for record in every:
        for name, value in fields.items():
            setattr(record, name, value)
    return {record.key: record for record in every}


class TestForgetSettled:
    def test_keeps_the_last(self) -> None:
        """A late word still finds what it is about."""
        found = records()

        forget_settled(found)

        assert [f"search:{n}" for n in range(MANY - SETTLED_KEPT, MANY)] == list(found)

    @pytest.mark.parametrize(
        "fields",
        [
            {"is_wanted": True},
            {"refs": ["alive"]},
            {"is_in_doubt": True},
            {"call": LiveCall("withdraw", 1, NOON, "token", [])},
        ],
    )
    def test_keeps_whatever_is_owed_something(self, fields: dict[str, object]) -> None:
        """What is wanted, alive outside, in doubt, or on its way is never forgotten."""
        found = records(**fields)

        forget_settled(found)

        assert MANY == len(found)

    def test_stays_quiet_while_there_are_few(self) -> None:
        """A usual referral forgets nothing."""
        found = dict(list(records().items())[:SETTLED_KEPT])

        forget_settled(found)

        assert SETTLED_KEPT == len(found)


class TestFold:
    def test_keeps_the_last_of_what_was_withdrawn(self) -> None:
        """A system that gives another name each time fills no document."""
        record = EffectRecord("sms", 1, "target", 0)
        for n in range(2 * DEAD_KEPT):
            fold(record, None, Answer("alive", refs=(f"sid-{n}",)), NOON, Traits())
            record.is_wanted = False
            call = begin(record, "withdraw", NOON, "token")
            assert call
            fold(record, call.number, Answer("withdrawn", refs=(f"sid-{n}",)), NOON, Traits())

        assert [f"sid-{n}" for n in range(DEAD_KEPT, 2 * DEAD_KEPT)] == record.dead


class TestDocument:
    def test_forgets_as_it_is_decided(self) -> None:
        """Whoever wants another call again and again leaves no record of each."""
        document = Document(REFERRAL, TALLY.initial)
        unit = UnitOfWork(TALLY, document, NOON, None, {"ring": Traits()})
        for revision in range(1, MANY):
            unit.decide(WantCall(at=NOON, by=SOMEBODY, channel="api", revision=revision), Cause())

        assert SETTLED_KEPT + 1 == len(document.calls)
