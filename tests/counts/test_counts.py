"""What a referral costs is known, and changes only where somebody says why."""

from collections.abc import Callable

import pytest

from tests.counts.approved import approved, differences, table
from tests.counts.stories import STORIES, played


@pytest.mark.parametrize("name", STORIES)
def test_a_referral_costs_what_was_approved(name: str, say: Callable[[str], None]) -> None:
    """Commands, documents, calls, records, decisions and openings exactly, bytes within five percent, by service."""
    measured = played(name)
    say(table(name, measured))

    wrong = list(differences(measured, approved()[name]))

    assert not wrong, "\n".join([*wrong, "If it is worth it: python -m tests.counts.approve 'what it buys'"])


def test_counts_the_same_again() -> None:
    """Time and chance change nothing, so a figure that differs is the code's."""
    assert played("plain") == played("plain")


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        ({"intake": {"updates": 3, "document_bytes": 1000}}, ["intake updates: 3, approved 2"]),
        ({"intake": {"updates": 2, "document_bytes": 1051}}, ["intake document_bytes: 1051, approved 1000"]),
        ({"intake": {"updates": 2, "document_bytes": 949}}, ["intake document_bytes: 949, approved 1000"]),
        ({"intake": {"updates": 2, "document_bytes": 1050}}, []),
        ({"intake": {"updates": 2, "document_bytes": 1000}, "desk": {"reads": 1}}, ["desk reads: 1, approved 0"]),
        ({}, ["intake updates: 0, approved 2", "intake document_bytes: 0, approved 1000"]),
    ],
)
def test_says_what_differs(measured: dict[str, dict[str, int]], says: list[str]) -> None:
    """A count that is one off, bytes beyond five percent, a service that nobody approved, and one that is gone."""
    assert says == list(differences(measured, {"intake": {"updates": 2, "document_bytes": 1000}}))
