"""What people have to do about a placement: one thing beside another, each until it is done."""

from datetime import datetime
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.domain import decide
from services.scheduling.store import PLACEMENT
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    ASKED,
    BOOKED,
    DAY,
    ENDED,
    HOUR,
    REASON,
    SOMEBODY,
    TUESDAY,
    answer,
    book,
    held,
    placed,
    report,
    say,
    stuck,
)

STUCK = stuck("appointment")
CONFIRMED = say(d.ConfirmAppointment, visit_id="visit-1")


def wish(outcome: str, at: datetime = TUESDAY) -> d.RecordContact:
    """The patient was spoken with."""
    return say(d.RecordContact, at, outcome=outcome)


def act_of(*history: Any) -> str | None:
    """What is to be done next."""
    step = only(d.tasks(placed(*history)))
    return step.act if step else None


class TestCallingOff:
    @pytest.mark.parametrize(
        ("given_back", "then"),
        [
            ([book(), held(2)], "attend_visit"),
            ([say(d.CancelVisit, visit_id="visit-1", reason=REASON)], "book_visit"),
            ([ENDED], None),
            ([report(at=TUESDAY, visit_id="visit-0")], None),
        ],
    )
    def test_is_a_coordinators_until_somebody_told_the_office(self, given_back: list[Any], then: str | None) -> None:
        """An office that no program can tell goes on expecting the patient, whatever comes instead."""
        history = [*BOOKED, *given_back, STUCK]
        step = only(d.tasks(placed(*history)))

        assert step is not None
        assert ("call_off_appointment", "coordinator", TUESDAY + DAY) == (step.act, step.owner, step.due_at)
        assert "confirm_appointment" in d.allowed(placed(*history), SOMEBODY, TUESDAY)
        assert act_of(*history, CONFIRMED) == then

    def test_stays_when_the_rest_is_overtaken(self) -> None:
        """Neither another visit nor the end of the referral tells the office of the first."""
        history = [*BOOKED, book(), held(2), STUCK, say(d.CancelVisit, visit_id="visit-2", reason=REASON), ENDED]

        assert "call_off_appointment" == act_of(*history)

    def test_stays_quiet_about_an_office_that_keeps_a_request(self) -> None:
        """Its yes is refused, and tells it."""
        assert [] == decide(stuck("office_request"), placed(*ASKED, answer(accepted=False)))

    def test_is_handed_over_once(self) -> None:
        """Who has it already keeps the due time."""
        assert [] == decide(STUCK, placed(*BOOKED, ENDED, STUCK))


class TestHandedOver:
    def test_stays_when_something_else_is_settled(self) -> None:
        """That the patient will come after all tells the office nothing."""
        history = [*BOOKED, STUCK, wish("wants_other_time"), wish("will_attend")]

        assert "confirm_appointment" == act_of(*history)
        assert "attend_visit" == act_of(*history, CONFIRMED)

    def test_shows_what_is_due_first(self) -> None:
        """The rest comes after it."""
        history = [*BOOKED, wish("wants_other_time", TUESDAY - HOUR), STUCK]

        assert "reschedule_visit" == act_of(*history)
        assert "confirm_appointment" == act_of(*history, wish("will_attend"))

    def test_counts_what_the_patient_says_last(self) -> None:
        """Nobody looks for another time for a patient who will not come."""
        history = [*BOOKED, wish("wants_other_time"), wish("declined", TUESDAY + HOUR)]

        assert "resolve_declined_visit" == act_of(*history)

    def test_is_read_as_it_was_stored_when_there_was_one_at_a_time(self) -> None:
        """A document of an earlier release keeps what a person had to do."""
        state = placed(*BOOKED, STUCK)
        stored = PLACEMENT.encode(state)
        [handed] = stored["handed"]
        former = {name: handed[name] for name in ("act", "owner", "due_at")}

        assert PLACEMENT.decode({**stored, "handed": former}, 1) == state
        assert () == PLACEMENT.decode({**stored, "handed": None}, 1).handed
