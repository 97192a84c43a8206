"""What people have to do about a placement: one thing beside another, each until it is done."""

from datetime import datetime
from typing import Any

from services.scheduling import domain as d
from services.scheduling.store import PLACEMENT
from tests.unit.scheduling.placing import BOOKED, HOUR, TUESDAY, placed, say, stuck

STUCK = stuck("appointment")
CONFIRMED = say(d.ConfirmAppointment, visit_id="visit-1")


def wish(outcome: str, at: datetime = TUESDAY) -> d.RecordContact:
    """The patient was spoken with."""
    return say(d.RecordContact, at, outcome=outcome)


def act_of(*history: Any) -> str | None:
    """What is to be done next."""
    step = d.next_step(placed(*history))
    return step.act if step else None


class TestHandedOver:
    def test_stays_when_something_else_is_settled(self) -> None:
        """That the patient will come after all tells the office nothing."""
        history = [*BOOKED, STUCK, wish("wants_other_time"), wish("will_attend")]

        assert act_of(*history) == "confirm_appointment"
        assert act_of(*history, CONFIRMED) == "attend_visit"

    def test_shows_what_is_due_first(self) -> None:
        """The rest comes after it."""
        history = [*BOOKED, wish("wants_other_time", TUESDAY - HOUR), STUCK]

        assert act_of(*history) == "reschedule_visit"
        assert act_of(*history, wish("will_attend")) == "confirm_appointment"

    def test_counts_what_the_patient_says_last(self) -> None:
        """Nobody looks for another time for a patient who will not come."""
        history = [*BOOKED, wish("wants_other_time"), wish("declined", TUESDAY + HOUR)]

        assert act_of(*history) == "resolve_declined_visit"

    def test_is_read_as_it_was_stored_when_there_was_one_at_a_time(self) -> None:
        """A document of an earlier release keeps what a person had to do."""
        state = placed(*BOOKED, STUCK)
        stored = PLACEMENT.encode(state)
        [handed] = stored["handed"]
        former = {name: handed[name] for name in ("act", "owner", "due_at")}

        assert PLACEMENT.decode({**stored, "handed": former}, 1) == state
        assert PLACEMENT.decode({**stored, "handed": None}, 1).handed == ()
