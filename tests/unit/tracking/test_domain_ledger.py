"""The ledger: each fact once, as it came, bound to what came before it."""

import copy
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.tracking.domain import INITIAL, Assigned, Projection, decide, evolve, is_whole, row_of
from tests.unit.tracking.telling import CASEY, NOON, REFERRAL, fold, journey


def rows_of(service: str) -> tuple[list[dict[str, Any]], Projection]:
    """The rows of one service's part of the journey, and the track after it."""
    projection, rows = INITIAL, []
    for told in journey()[service]:
        for fact in decide(told, projection):
            rows.append(row_of(projection, fact))
            projection = evolve(projection, fact)
    return [row for row in rows if row], projection


class TestRow:
    def test_is_the_fact_as_it_came(self) -> None:
        """Envelope and bytes, under an id that a second copy would have too."""
        told = journey()["intake"][0]
        (row, *_), _ = rows_of("intake")

        assert f"intake|{REFERRAL}|1" == row["_id"]
        assert told.value == row["data"]
        assert ("demo", "intake", REFERRAL, 1) == (row["tenant"], row["service"], row["subject"], row["sequence"])
        assert told.envelope.type == row["type"]

    def test_keeps_the_microseconds(self) -> None:
        """The store's own dates have milliseconds, and a hash forgives nothing."""
        (row, *_), _ = rows_of("intake")

        assert "2027-03-01T12:00:00.000000+00:00" == row["time"]

    def test_follows_the_row_before(self) -> None:
        """Each names the hash of the one before it; the last is the head that the track keeps."""
        rows, projection = rows_of("scheduling")

        assert ["", *(row["hash"] for row in rows[:-1])] == [row["prev"] for row in rows]
        assert projection.stories["scheduling"].head == rows[-1]["hash"]

    def test_does_not_depend_on_the_other_services(self) -> None:
        """Chains are per service: their interleaving leaves no trace."""
        alone = fold(journey()["scheduling"]).stories["scheduling"]
        among = fold(told for story in journey().values() for told in story).stories["scheduling"]

        assert alone == among

    def test_people_add_none(self) -> None:
        """The ledger holds what was told, so that everything can be rebuilt from the topics."""
        assert row_of(INITIAL, Assigned(CASEY.id, NOON)) is None


class TestIsWhole:
    def test_believes_what_was_recorded(self) -> None:
        """Rows as they were written, in order."""
        rows, projection = rows_of("intake")

        assert is_whole(rows, projection.stories["intake"].head)

    def test_believes_nothing_where_nothing_was_told(self) -> None:
        """No rows, no head."""
        assert is_whole([], "")

    @for_all(at=st.integers(0, 4), byte=st.integers(0, 10**6), bit=st.integers(0, 7))
    def test_finds_one_changed_bit_of_data(self, at: int, byte: int, bit: int) -> None:
        """Whatever is changed in what a service said, it shows."""
        rows, projection = rows_of("intake")
        data = bytearray(rows[at]["data"])
        data[byte % len(data)] ^= 1 << bit
        rows[at]["data"] = bytes(data)

        assert not is_whole(rows, projection.stories["intake"].head)

    @pytest.mark.parametrize("name", ["source", "subject", "sequence", "type", "time", "causationid", "prev", "hash"])
    def test_finds_a_changed_attribute(self, name: str) -> None:
        """The envelope is bound as the data is."""
        rows, projection = rows_of("intake")
        rows[2][name] = "other"

        assert not is_whole(rows, projection.stories["intake"].head)

    @pytest.mark.parametrize("change", ["drop_first", "drop_last", "swap", "repeat"])
    def test_finds_a_missing_moved_or_added_row(self, change: str) -> None:
        """History cannot be shortened, reordered or stretched."""
        rows, projection = rows_of("intake")
        head = projection.stories["intake"].head
        changed = {
            "drop_first": rows[1:],
            "drop_last": rows[:-1],
            "swap": [rows[1], rows[0], *rows[2:]],
            "repeat": [*rows, copy.deepcopy(rows[-1])],
        }[change]

        assert not is_whole(changed, head)
