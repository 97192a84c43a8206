"""Several keys of a kind at once: one makes what is new, and all open and recognize what any of them made."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.sealed import Content
from shared.sealing import DERIVED, Keyring, SealingError
from tests.support.five_services.keyrings import key_of

REFERRAL = "demo-x"
BEGINS = 1_000.0


class Note(Content):
    """Content for a seal."""

    sealed_as = "note"

    text: str = "a"


class Clock:
    """A machine's time, that a test moves."""

    def __init__(self) -> None:
        self.time = BEGINS - 60

    def __call__(self) -> float:
        """What time it is."""
        return self.time


def keys(*kids: str, **later: Any) -> dict[str, list[dict[str, Any]]]:
    """Keys by these names; the last begins later, if it says so."""
    made: list[dict[str, Any]] = [dict(key_of(kid)) for kid in kids]
    made[-1] |= later
    return {"keys": made}


def ring(*kids: str, clock: Clock | None = None, **later: Any) -> Keyring:
    """A ring of them."""
    clock = clock or Clock()
    return Keyring(keys(*kids, **later), now=clock)


class TestNextKey:
    def test_opens_before_it_seals(self) -> None:
        """Every replica knows a key before any of them uses it: until then the one before makes the seals."""
        clock = Clock()
        both = ring("demo:visit:1", "demo:visit:2", clock=clock, nbf=BEGINS)
        ahead = ring("demo:visit:1", "demo:visit:2").seal("demo", "visit", Note(), referral_id=REFERRAL)
        before = both.seal("demo", "visit", Note(), referral_id=REFERRAL)
        clock.time = BEGINS
        after = both.seal("demo", "visit", Note(), referral_id=REFERRAL)

        assert Note() == both.open("demo", "visit", ahead, Note, purpose="test", referral_id=REFERRAL)
        alone = ring("demo:visit:1")
        assert Note() == alone.open("demo", "visit", before, Note, purpose="test", referral_id=REFERRAL)
        with pytest.raises(SealingError, match="cannot_open"):
            alone.open("demo", "visit", after, Note, purpose="test", referral_id=REFERRAL)

    def test_gives_ids_when_it_begins_and_all_are_looked_up(self) -> None:
        """The id of an order never changes: what was given by the first key is still one that it may have."""
        clock = Clock()
        both = ring("demo:referral-id:1", "demo:referral-id:2", clock=clock, nbf=BEGINS)
        first, second = (ring(f"demo:referral-id:{n}").referral_id("demo", "s", "1") for n in (1, 2))

        assert ((first, second), True) == (both.referral_ids("demo", "s", "1"), both.gives_other_ids_soon("demo"))
        clock.time = BEGINS
        assert ((second, first), False) == (both.referral_ids("demo", "s", "1"), both.gives_other_ids_soon("demo"))

    def test_marks_references_and_fingerprints_with_its_number(self) -> None:
        """So that whoever finds one knows by which key."""
        both = ring("demo:patient-index:1", "demo:patient-index:12", "demo:fingerprint:3")

        assert ["12k", "1k"] == [each.partition("k")[0] + "k" for each in both.blind_indexes("demo", "MRN")]
        assert ["3k"] == [each.partition("k")[0] + "k" for each in both.fingerprints("demo", b"order")]

    def test_makes_capabilities_while_older_ones_still_count(self) -> None:
        """An address that a payer was given stays good for as long as the key that it was made by."""
        old, new = ring("demo:coverage:1"), ring("demo:coverage:1", "demo:coverage:2")
        given = [each.capability("demo", "coverage", "act", "demo-x") for each in (old, new)]

        assert given[0] != given[1]
        assert all(new.is_capability(each, "demo", "coverage", "act", "demo-x") for each in given)
        assert not ring("demo:coverage:2").is_capability(given[0], "demo", "coverage", "act", "demo-x")

    def test_gives_no_other_pseudonyms(self) -> None:
        """A payer that nobody listed is called the same in every case."""
        old, new = ring("demo:coverage:9"), ring("demo:coverage:9", "demo:coverage:10")

        assert old.pseudonym("demo", "coverage", "x") == new.pseudonym("demo", "coverage", "x")


class TestTheOneKeyOfBefore:
    def test_is_the_oldest_of_each_kind_that_it_served(self) -> None:
        """What it derived is recognized, without a number; what is new has a key of its own kind."""
        before = ring("demo:identifier:1")
        after = ring("demo:identifier:1", *(f"demo:{kind}:1" for kind in DERIVED))

        assert before.referral_ids("demo", "s", "1") == after.referral_ids("demo", "s", "1")[1:]
        assert before.blind_indexes("demo", "MRN") == after.blind_indexes("demo", "MRN")[1:]
        assert before.fingerprints("demo", b"x") == after.fingerprints("demo", b"x")[1:]
        assert after.is_capability(before.capability("demo", "callback", "a"), "demo", "callback", "a")
        assert after.blind_indexes("demo", "MRN")[0].startswith("1k")


class TestRead:
    def test_takes_what_the_file_says_now(self, tmp_path: Path) -> None:
        """No restart: the next seal is by the next key."""
        file = tmp_path / "sealing.json"
        file.write_text(json.dumps(keys("demo:visit:1")))
        running = Keyring.from_file(file)
        file.write_text(json.dumps(keys("demo:visit:1", "demo:visit:2")))
        running.read(file)
        sealed = running.seal("demo", "visit", Note(), referral_id=REFERRAL)

        assert Note() == ring("demo:visit:2").open("demo", "visit", sealed, Note, purpose="test", referral_id=REFERRAL)

    def test_keeps_the_keys_when_the_file_has_none(self, tmp_path: Path) -> None:
        """Half a file must not close a service."""
        file = tmp_path / "sealing.json"
        file.write_text(json.dumps(keys("demo:visit:1")))
        running = Keyring.from_file(file)
        file.write_text('{"keys": [')
        with pytest.raises(SealingError, match="keys_unreadable"):
            running.read(file)

        assert running.seal("demo", "visit", Note(), referral_id=REFERRAL)
