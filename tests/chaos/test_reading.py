from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.authorization.store import CASE
from shared.calls import EffectRecord, begin, effect_id, record_to_stored
from tests.chaos.evidence import Asked
from tests.chaos.reading.databases import asked_by

ONE = "demo-one"
SUBMISSION = EffectRecord("submission", 1, "payer", 2)
ID = effect_id(ONE, SUBMISSION)


def stored(*records: EffectRecord) -> dict[str, Any]:
    """A case at rest with these effects."""
    schema, state = CASE.schema, CASE.encode(CASE.initial)
    return {"_id": ONE, "schema": schema, "state": state, "calls": [record_to_stored(record) for record in records]}


def called() -> EffectRecord:
    """A submission that is on its way."""
    record = replace(SUBMISSION)
    begin(record, "send", datetime(2026, 3, 2, 9, tzinfo=UTC), "token")
    return record


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
