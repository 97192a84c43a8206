from typing import Any

from rich.console import Console

from deploy.cli.screen import duration, instant
from deploy.cli.tables import tables

WAITING = {
    "referral_id": "demo-waiting",
    "state": "in_progress",
    "payer": "medicare",
    "next": {
        "act": "call_payer",
        "owner": "coordinator",
        "queue": "authorization",
        "due_at": "2031-03-04T16:00:00Z",
        "is_overdue": True,
    },
}
DOCUMENT: dict[str, Any] = {
    "sent": {"sent": 4, "new": 2, "repeated": 1, "changed": 0, "refused": 1},
    "later": {
        "sent": 3,
        "new": 1,
        "by_outcome": {"cancelled": 2, "new_order": 1},
        "by_word": {"deceased": {"cancelled": 1}, "replaced": {"new_order": 1}, "revoked": {"cancelled": 1}},
    },
    "sums": {"in": 2, "closed": 1, "waiting": 1},
    "refused_because": {"422 invalid": 1},
    "by_state": [
        {"state": "closed", "outcome": "completed", "payer": "medicare", "count": 1},
        {"state": "in_progress", "outcome": None, "payer": None, "count": 1},
    ],
    "tasks": 3,
    "waiting": [WAITING],
    "time_to_told": {"story": {"count": 0}, "real": {"count": 1, "p50_s": 2.0, "p90_s": 2.0, "max_s": 2.0}},
    "outside": {"authorization": {"identifiers": 1, "sends": 2, "effects": 1}, "sms_number": {"identifiers": 1}},
    "days": 60,
    "jumps": 7,
    "seconds": 61.0,
}


def shown(document: dict[str, Any]) -> str:
    """What a wide terminal shows."""
    console = Console(width=200)
    with console.capture() as capture:
        for table in tables(document):
            console.print(table)
    return capture.get()


class TestTables:
    def test_say_who_must_do_what_by_when(self) -> None:
        """Each that waits is there with act, owner, queue and due time, and so is the sum of its kind."""
        told = shown(DOCUMENT)

        for word in ("call_payer", "coordinator", "authorization", "Tue 04 Mar 2031 16:00", "demo-waiting"):
            assert word in told

    def test_end_with_the_sums(self) -> None:
        """The last lines are those that must agree."""
        *_, sent, later, taken, pace = shown(DOCUMENT).strip().splitlines()

        assert "sent 4 = 2 new + 1 repeated + 0 changed + 1 refused" == sent
        assert "said later 3 = 2 cancelled + 1 new order" == later
        assert "in 2 = 2 new + 1 new later = 1 closed + 1 waiting" == taken
        assert "60 days of story in 1.0 min, 7 jumps of the clock" == pace

    def test_say_what_became_of_later_words(self) -> None:
        """By what the EHR said, and in all; nothing where it said nothing."""
        told, silent = shown(DOCUMENT), {"sent": 0, "new": 0, "by_outcome": {}, "by_word": {}}

        assert all(word in told for word in ("What the EHR said", "deceased", "replaced", "revoked", "new order"))
        assert "What the EHR said" not in shown({**DOCUMENT, "later": silent})

    def test_leave_out_what_nobody_was_sent(self) -> None:
        """Counts that only help tests are not for readers."""
        assert "sms number" not in shown(DOCUMENT)


class TestDuration:
    def test_takes_the_largest_unit(self) -> None:
        """A reader wants one number."""
        assert ["", "59.0 s", "1.0 min", "1.5 h", "2.0 d"] == [
            duration(seconds) for seconds in (None, 59, 60, 5_400, 172_800)
        ]


class TestInstant:
    def test_is_to_the_minute(self) -> None:
        """Seconds of a due time mean nothing."""
        assert ["", "Tue 04 Mar 2031 16:00"] == [instant(None), instant("2031-03-04T16:00:30Z")]
