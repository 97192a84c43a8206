import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from deploy.cli.generate import Sending, sendings

START = datetime(2031, 3, 3, 14, tzinfo=UTC)


def document(sending: Sending) -> dict[str, Any]:
    """What was sent."""
    found: dict[str, Any] = json.loads(sending.body)
    return found


class TestSendings:
    def test_are_the_same_for_the_same_seed_and_start(self) -> None:
        """Two demos can be compared."""
        assert sendings(60, START) == sendings(60, START)
        assert sendings(60, START) != sendings(60, START, seed="another")

    def test_are_of_every_kind_and_door_even_if_few(self) -> None:
        """A demo of twenty shows all that a demo of two hundred shows."""
        found = sendings(20, START)

        assert Counter(
            {
                "whole": 10,
                "cancelled": 2,
                **dict.fromkeys(("no_coverage", "no_contact", "no_diagnosis", "repeated", "contradicted", "broken"), 1),
                **dict.fromkeys(("changed", "revoked"), 1),
            }
        ) == Counter(sending.kind for sending in found)
        assert {"fhir", "own"} == {sending.door for sending in found}
        assert all((sending.cancel_after is not None) == (sending.kind == "cancelled") for sending in found)

    def test_name_nobody_who_exists(self) -> None:
        """Telephone numbers are of the range kept for fiction, and mail goes nowhere."""
        told = b"".join(sending.body for sending in sendings(200, START)).decode()

        assert all(rest.startswith("55501") for rest in (part[3:] for part in told.split('"+1')[1:]))
        assert told.count("@") == told.count("@example.com")
