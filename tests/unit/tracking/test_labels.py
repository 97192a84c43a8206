"""The words in which people read what programs say."""

import re
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest

from services.tracking.domain import NoteCode, Status
from services.tracking.views import labels
from services.tracking.views.details import details
from shared.contracts.catalogue import FACTS
from shared.contracts.language import Owner, Priority
from tests.unit.tracking.telling import NOON, after


class TestSentence:
    @pytest.mark.parametrize("type_", sorted(FACTS))
    def test_every_published_fact_reads_as_one(self, type_: str) -> None:
        """Words, beginning with a capital, and no name of a program."""
        assert re.fullmatch(r"[A-Z][a-z']+( [a-z'-]+)+", labels.sentence(type_))

    def test_a_fact_of_a_later_release_still_reads(self) -> None:
        """From its wire type, until it has words of its own."""
        assert "Waitlist joined" == labels.sentence("org.throughline.patient.waitlist-joined.v1")


class TestSpan:
    @pytest.mark.parametrize(
        ("length", "text"),
        [
            (timedelta(seconds=20), "less than a minute"),
            (timedelta(minutes=45), "45 min"),
            (timedelta(hours=1, minutes=30), "1 h 30 min"),
            (timedelta(hours=2), "2 h"),
            (timedelta(hours=5, minutes=59), "5 h"),
            (timedelta(days=1), "1 day"),
            (timedelta(days=2, hours=5), "2 days 5 h"),
            (timedelta(days=40, hours=5), "40 days"),
        ],
    )
    def test_says_what_still_tells_something(self, length: timedelta, text: str) -> None:
        """Minutes matter for an hour or two, hours for a day or two."""
        assert text == labels.span(length)

    def test_due_says_on_which_side(self) -> None:
        """Before and after the due time."""
        assert ["in 2 h", "2 h overdue"] == [labels.due(after(120), NOON), labels.due(NOON, after(120))]


class TestWords:
    def test_there_are_words_for_all(self) -> None:
        """Whatever may be shown."""
        assert set(labels.OWNERS) == {*get_args(Owner), "other"}
        assert set(labels.NOTES) == set(get_args(NoteCode))
        assert set(labels.PRIORITIES) == {*get_args(Priority), None}
        assert set(labels.STATUSES) == _all(Status)

    def test_an_id_is_told_from_others_by_its_beginning(self) -> None:
        """Without the tenant, which is the same for all that one sees."""
        assert "abcdefgh" == labels.short("demo-abcdefghijklmnopqrstuvwxyz")


class TestDetails:
    def test_says_what_people_ask_for(self) -> None:
        """Payer as it is named, codes as words, instants as instants, references shortened."""
        said = {
            "payer": "sample-health",
            "urgency": "standard",
            "decision_due_at": "2027-03-08T12:00:00Z",
            "provider_ref": "prv-8k2j4m9q7x",
            "asked_for": ["progress_note", "imaging"],
            "count": 2,
        }

        assert (
            ("Payer", "sample-health"),
            ("Urgency", "Standard"),
            ("Decision due", datetime.fromisoformat("2027-03-08T12:00:00Z")),
            ("Provider", "8k2j4m9q"),
            ("Asked for", "Progress note; Imaging"),
            ("Count", "2"),
        ) == details(said)

    def test_says_what_was_authorized(self) -> None:
        """From when to when, and how often."""
        window = {"start": str(date(2027, 3, 1)), "end": str(date(2027, 5, 30))}
        item = {"item": 1, "service_ref": "s", "window": window, "units": 1, "provider_ref": "p", "site_ref": "t"}

        assert (("Items", "2027-03-01 to 2027-05-30, units: 1"),) == details({"items": [item]})

    def test_leaves_out_what_only_programs_use(self) -> None:
        """Ids, and what is empty."""
        assert () == details({"patient_ref": "pt-1", "case_id": "c", "asked_for": [], "request_id": None})

    def test_names_who_overrode(self) -> None:
        """The subject of the person."""
        assert (("By", "lee.leadwell"),) == details({"by": {"kind": "person", "id": "lee.leadwell"}})


def _all(literal: Any) -> set[Any]:
    return {value for part in get_args(literal) for value in (get_args(part) or (part,))}
