from datetime import UTC, datetime
from random import Random
from typing import Any

import bson
import pytest

from services.intake.store import REFERRAL
from shared.engine.document import Document
from shared.engine.frame import to_stored
from shared.engine.shape import fault_of
from shared.ports import MOST_BYTES
from tests.chaos.filling import Filling, filling
from tests.chaos.spoiling import Change, Spoiled, change

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEEDS = 400


def sound() -> dict[str, Any]:
    """A document that is due, as it rests."""
    return to_stored(Document("demo-one", None, version=3, wake_at=NINE), REFERRAL.encode(REFERRAL.initial), 1, 7, NINE)


def spoilt(by: Change) -> dict[str, Any]:
    """The same, without the field or with the other value."""
    found = sound()
    name, _, within = by.path.partition(".")
    owner = found[name] if within else found
    if "$unset" in by.update:
        del owner[within or name]
    else:
        owner[name] = by.broken
    return found


def is_read(state: Any) -> bool:
    """Whether the decider takes it for a state."""
    try:
        REFERRAL.decode(state, REFERRAL.schema)
    except ValueError:
        return False
    return True


class TestChange:
    def test_is_never_one_that_a_program_could_take_for_sound(self) -> None:
        """What is read as if nothing were wrong would be saved so, and no mending would bring it back."""
        for seed in range(SEEDS):
            found = change(sound(), Random(seed))

            broken = spoilt(found)

            assert fault_of(broken) or not is_read(broken["state"]), str(found)

    def test_comes_to_every_field(self) -> None:
        """But to the id, and to the number of the form."""
        met = {change(sound(), Random(seed)).path.partition(".")[0] for seed in range(SEEDS)}

        assert sound().keys() - {"_id", "frame"} == met

    def test_leaves_calls_that_are_under_way(self) -> None:
        """Time stands still for them, and they are counted there."""
        calling = {**sound(), "calls": [{"call": {"act": "send"}}]}

        assert "calls" not in {change(calling, Random(seed)).path for seed in range(SEEDS)}

    def test_is_told_by_kind_alone(self) -> None:
        """A log says which field it is, and no value."""
        assert "told is of the kind str" == str(Change("told", 3, "text"))


class TestFilling:
    def test_leaves_a_document_that_is_read_and_never_saved(self) -> None:
        """It is as large as one may be: with anything more, no database takes it."""
        full = {**sound(), "answered": [filling(sound(), Random(0)).update["$push"]["answered"]]}

        assert (MOST_BYTES, None) == (len(bson.encode(full)), fault_of(full))

    def test_is_told_by_its_size_alone(self) -> None:
        """A log has no room for it."""
        assert "too large, by 7 bytes more" == str(Filling(7))


class TestSpoiled:
    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("told", {"_id": "demo-one", "version": 3, "told": {"$eq": "text"}}),
            ("version", {"_id": "demo-one", "version": {"$eq": "text"}}),
        ],
    )
    def test_is_found_until_somebody_writes_it(self, path: str, found: dict[str, Any]) -> None:
        """A replica that remembered it may have saved it anew: then there is nothing to mend."""
        spoiled = Spoiled("intake", "referrals", "demo-one", 3, Change(path, 3, "text"))

        assert found == spoiled.found

    def test_is_found_full_whoever_writes_it(self) -> None:
        """A save that happened to fit carries the filling on, and it is emptied all the same."""
        filled = Spoiled("intake", "referrals", "demo-one", 3, Filling(7))

        assert {"_id": "demo-one", **Filling(7).found} == filled.found
