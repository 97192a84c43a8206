import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.audit import AccessRecord, Broken, Head, Opened, broken, linked, start_of
from shared.audit.record import outcome_of

CHAIN = "intake-7f"
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
RECORD = AccessRecord(
    kind="request",
    at=NOON,
    service="intake",
    outcome="allowed",
    tenant="demo",
    subject="nora.nurse",
    roles=("nurse", "lead"),
    client="demo-console",
    party="office:o-1",
    address="192.0.2.7",
    method="GET",
    route="/v1/referrals/{referral_id}",
    purpose="read",
    referrals=("demo-" + "a" * 26,),
    patient_ref="p-1",
    opened=(Opened("contact", "show", "demo-" + "a" * 26),),
    recipient="ehr:main",
    status=200,
    request_id="0" * 32,
    count=3,
    ledger=("intake|demo-r|1=ab",),
)
"""A record in which nothing is empty, so that no field is left out of its hash unseen."""
Rows = list[dict[str, Any]]


def written(n: int = 5) -> tuple[Rows, Head]:
    """A chain of so many records, and its head."""
    records = [replace(RECORD, at=NOON + timedelta(seconds=i), subject=f"person-{i}") for i in range(n)]
    first, head = linked(records[:2], start_of(CHAIN))
    rest, head = linked(records[2:], head)
    return [*first, *rest], head


def _edited(name: str) -> Callable[[Rows], Rows]:
    def edit(rows: Rows) -> Rows:
        value = rows[2][name]
        other = "other" if isinstance(value, str) else value + 1 if isinstance(value, int) else [*value, "other"]
        return [*rows[:2], {**rows[2], name: other}, *rows[3:]]

    return edit


def _added(rows: Rows) -> Rows:
    return [*rows[:2], {**rows[2], "remark": "harmless"}, *rows[3:]]


def _without_a_field(rows: Rows) -> Rows:
    return [*rows[:2], {name: value for name, value in rows[2].items() if name != "address"}, *rows[3:]]


def rewritten(rows: Rows, at: int, **changes: Any) -> Rows:
    """What somebody makes of a chain who edits one record and computes all hashes anew."""
    records = [_record(row) for row in rows]
    records[at] = replace(records[at], **changes)
    return linked(records, start_of(CHAIN))[0]


def _record(row: dict[str, Any]) -> AccessRecord:
    plain = {field.name: row[field.name] for field in fields(AccessRecord)}
    opened = tuple(Opened(audience, purpose, referral) for audience, purpose, referral in row["opened"])
    return AccessRecord(**{**plain, "at": datetime.fromisoformat(row["at"]), "opened": opened})


class TestChain:
    def test_is_whole_as_it_was_written(self) -> None:
        """In whatever batches it was written, and against the head that was kept."""
        rows, head = written()

        assert broken(CHAIN, rows, [head]) is None
        assert 5 == head.number

    def test_survives_every_wire(self) -> None:
        """What comes back from a store or a topic is byte for byte what was hashed."""
        rows, head = written()

        assert broken(CHAIN, json.loads(json.dumps(rows)), [head]) is None

    def test_follows_its_head_alone(self) -> None:
        """A chain begins with nothing before it, and each chain for itself."""
        rows, _ = written()

        assert Broken(CHAIN, 1, "missing") == broken(CHAIN, rows[1:])
        assert Broken("other", 1, "missing") == broken("other", rows)

    @pytest.mark.parametrize("name", sorted({field.name for field in fields(AccessRecord)} | {"form"}))
    def test_shows_an_edit_of_every_field(self, name: str) -> None:
        """Nothing of a record can be changed where it lies."""
        rows, _ = written()

        assert Broken(CHAIN, 3, "altered") == broken(CHAIN, _edited(name)(rows))

    @pytest.mark.parametrize("edit", [_added, _without_a_field])
    def test_shows_a_field_that_came_or_went(self, edit: Callable[[Rows], Rows]) -> None:
        """A hash covers what is there, not a list of what should be."""
        rows, _ = written()

        assert Broken(CHAIN, 3, "altered") == broken(CHAIN, edit(rows))

    def test_shows_a_record_that_was_taken_out(self) -> None:
        """The first place at which one is missing is named."""
        rows, _ = written()

        assert Broken(CHAIN, 3, "missing") == broken(CHAIN, [*rows[:2], *rows[3:]])

    def test_shows_a_record_that_was_taken_out_and_numbers_that_were_mended(self) -> None:
        """Numbers alone prove nothing."""
        rows, _ = written()
        mended = [{**row, "number": n} for n, row in enumerate([*rows[:2], *rows[3:]], 1)]

        assert Broken(CHAIN, 3, "unlinked") == broken(CHAIN, mended)

    def test_shows_another_order(self) -> None:
        """Who came first cannot be turned round."""
        rows, _ = written()

        assert Broken(CHAIN, 2, "missing") == broken(CHAIN, [rows[0], rows[2], rows[1], *rows[3:]])

    def test_shows_an_end_that_was_cut_off(self) -> None:
        """Only what was kept elsewhere knows that there was more."""
        rows, head = written()

        assert broken(CHAIN, rows[:3]) is None
        assert Broken(CHAIN, 4, "cut") == broken(CHAIN, rows[:3], [head])

    def test_shows_that_it_was_written_anew(self) -> None:
        """An edit with all hashes computed again is a whole chain, and is not the one whose head was kept."""
        rows, head = written()
        forged = rewritten(rows, 1, subject="somebody.else")

        assert broken(CHAIN, forged) is None
        assert Broken(CHAIN, 5, "rewritten") == broken(CHAIN, forged, [head])

    def test_names_the_first_head_that_differs(self) -> None:
        """With a head for each minute it is known in which minute the forged record is."""
        rows, head = written()
        early = Head(CHAIN, 2, rows[1]["hash"])

        assert Broken(CHAIN, 2, "rewritten") == broken(CHAIN, rewritten(rows, 0, subject="else"), [head, early])
        assert Broken(CHAIN, 5, "rewritten") == broken(CHAIN, rewritten(rows, 3, subject="else"), [head, early])

    def test_is_not_judged_by_heads_of_others(self) -> None:
        """Each process has a chain of its own."""
        rows, head = written()

        assert broken(CHAIN, rows, [replace(head, chain="scheduling-1", number=900)]) is None


class TestRecord:
    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (200, "allowed"),
            (303, "allowed"),
            (401, "denied"),
            (403, "denied"),
            (404, "denied"),
            (409, "failed"),
            (503, "failed"),
            (0, "failed"),
        ],
    )
    def test_says_how_it_ended(self, status: int, outcome: str) -> None:
        """What is somebody else's answers as if it did not exist, and was denied."""
        assert outcome == outcome_of(status)

    def test_holds_texts_that_sort_by_time(self) -> None:
        """A day is a range of texts."""
        early, late = (replace(RECORD, at=NOON + timedelta(microseconds=n)).fields["at"] for n in (0, 1))

        assert early < late
        assert "2026-12-01T12:00:00.000000+00:00" == early
