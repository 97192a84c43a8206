from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.authorization.store import CASE
from services.tracking.domain import INITIAL, row_of
from services.tracking.domain.facts import Recorded
from shared.contracts.envelope import Envelope, to_headers, topic_of
from shared.contracts.language import Actor
from shared.contracts.processing import StepChanged
from shared.effects.protocol import EffectRecord, begin, id_of
from shared.effects.stored import record_to_stored
from tests.chaos.evidence import Asked, Published
from tests.chaos.reading.databases import asked_by, content_of_row
from tests.chaos.reading.topics import published

ONE, NINE = "demo-one", datetime(2026, 3, 2, 9, tzinfo=UTC)
SUBMISSION = EffectRecord("submission", 1, "payer", 2)
ID = id_of(ONE, SUBMISSION)
ENVELOPE = Envelope("/demo/intake", ONE, 3, "org.throughline.processing.step-changed.v1", NINE, traceparent="00-1")
FACT = StepChanged(occurred_at=NINE, recorded_by=Actor(kind="clock", id="clock"), channel="clock", referral_id=ONE)


def stored(*records: EffectRecord) -> dict[str, Any]:
    """A case at rest with these effects."""
    schema, state = CASE.schema, CASE.encode(CASE.initial)
    return {"_id": ONE, "schema": schema, "state": state, "calls": [record_to_stored(record) for record in records]}


def called() -> EffectRecord:
    """A submission that is on its way."""
    record = replace(SUBMISSION)
    begin(record, "send", NINE, "token")
    return record


def told(envelope: Envelope, value: bytes) -> Published:
    """The record of a fact."""
    return published(to_headers(envelope), envelope.subject.encode(), value, topic_of(envelope.service))


class TestAskedBy:
    def test_tells_what_is_asked_for_under_which_name(self) -> None:
        """The kind is the simulators', the identifier the payer's."""
        assert [Asked(ONE, "authorization", ID)] == list(asked_by(CASE, stored(SUBMISSION)))

    def test_tells_what_is_left_to_do(self) -> None:
        """What is not wanted, what a person has, and what is called or will be called again."""
        changed = [
            replace(SUBMISSION, is_wanted=False),
            replace(SUBMISSION, has_person=True),
            called(),
            replace(SUBMISSION, tries=1),
        ]

        assert [
            Asked(ONE, "authorization", ID, is_wanted=False),
            Asked(ONE, "authorization", ID, has_person=True),
            Asked(ONE, "authorization", ID, is_under_way=True),
            Asked(ONE, "authorization", ID, is_under_way=True),
        ] == list(asked_by(CASE, stored(*changed)))

    def test_stays_quiet_about_what_stands_nowhere(self) -> None:
        """Who only asks a payer whether somebody is covered leaves nothing there."""
        assert [] == list(asked_by(CASE, stored(replace(SUBMISSION, kind="eligibility"))))


class TestContents:
    def test_of_record_and_row_agree(self) -> None:
        """What tracking keeps of a fact has the digest of the record that it was in, wherever in its chain it is."""
        row = row_of(INITIAL, Recorded(ENVELOPE, FACT, b"{}", prev="before", hash="behind"))

        assert row
        assert told(ENVELOPE, b"{}").content == content_of_row(row)

    @pytest.mark.parametrize(
        "other",
        [told(replace(ENVELOPE, time=ENVELOPE.time + timedelta(microseconds=1)), b"{}"), told(ENVELOPE, b"{ }")],
        ids=["a header", "the value"],
    )
    def test_differ_by_a_byte(self, other: Published) -> None:
        """Neither a header nor the value may be otherwise in a second copy, nor in the ledger."""
        one = told(ENVELOPE, b"{}")

        assert one.fact == other.fact
        assert one.copy != other.copy
        assert one.content != other.content
