from dataclasses import replace

import pytest

from services.notifications.domain import allowed, decide, tasks
from shared.contracts.language import Command, Task
from shared.contracts.notifications import ContactOutcome
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.notifications.talking import (
    after,
    booked,
    call,
    cancelled,
    closed,
    contact,
    delivered,
    ended,
    handed_over,
    play,
    refused,
    sent,
    statuses,
)

CALLING = [contact("sms"), booked(), refused()]
DAY = 24 * 60
NO_ANSWERS = [call(minutes=DAY * n, contact_id=f"contact-{n}") for n in (1, 2, 3)]


class TestKeepContact:
    def test_tries_again_when_the_contact_is_another(self) -> None:
        """A new number is a new chance, and nobody needs to call."""
        conversation = play([*CALLING, contact("sms", minutes=5, seal="sealed-anew")])
        assert [("visit_booked", "sms", "failed"), ("visit_booked", "sms", "due")] == statuses(conversation)
        assert 2 == conversation.messages[1].attempt

    def test_leaves_what_was_told_alone(self) -> None:
        """Nobody is told a second time because they have a second number."""
        told = [contact("sms"), booked(), sent(), delivered()]
        assert statuses(play([*told, contact("email", minutes=5, seal="sealed-anew")])) == statuses(play(told))

    def test_forgets_that_the_patient_could_not_be_reached(self) -> None:
        """With a new contact the clinician has nothing to decide."""
        step = only(tasks(play([*CALLING, *NO_ANSWERS, contact("sms", minutes=4 * DAY, seal="sealed-anew")])))
        assert step is not None
        assert "send_message" == step.act

    def test_leaves_it_to_a_person_when_no_medium_is_left(self) -> None:
        """A contact that was mended for the worse."""
        conversation = play([contact("sms"), booked(), contact(minutes=5, seal="sealed-anew")])
        assert [("visit_booked", "sms", "dropped")] == statuses(conversation)
        assert only(tasks(conversation)) == Task.of("call_patient", "coordinator", "outreach", after(DAY + 5))

    def test_waits_for_an_hour_that_is_lawful_in_all_zones_that_may_be_the_patients(self) -> None:
        """At ten in New York it is seven in Los Angeles."""
        may_be_west = contact("sms", minutes=-120, zones=("America/New_York", "America/Los_Angeles"))
        assert [] == statuses(play([may_be_west, booked(minutes=-120)]))
        assert [("visit_booked", "sms", "due")] == statuses(play([contact("sms", minutes=-120), booked(minutes=-120)]))

    def test_texts_nobody_where_no_hour_is_lawful_in_all_zones(self) -> None:
        """E-mail wakes nobody; without any a person calls."""
        anywhere = ("Pacific/Guam", "Europe/London", "Pacific/Honolulu")
        assert [("visit_booked", "email", "due")] == statuses(play([contact("sms", "email", zones=anywhere), booked()]))
        step = only(tasks(play([contact("sms", zones=anywhere), booked()])))
        assert step is not None
        assert "call_patient" == step.act

    def test_stays_quiet_when_nothing_changed(self) -> None:
        """The same contact again is no news."""
        assert [] == decide(contact("sms", minutes=5), play([contact("sms")]))


class TestRecordContact:
    @pytest.mark.parametrize("outcome", ["will_attend", "wants_other_time", "declined", "informed"])
    def test_ends_the_call_when_the_patient_was_reached(self, outcome: ContactOutcome) -> None:
        """Whatever the patient says, they have been told."""
        conversation = play([*CALLING, call(outcome, 30)])
        assert only(tasks(conversation)) is None
        assert ["NoticesPhoned", "ContactRecorded"] == kinds(decide(call(outcome, 30), play(CALLING)))

    def test_counts_as_told_for_what_follows(self) -> None:
        """Who heard of a visit by phone must hear of its move."""
        moved = play([*CALLING, call("will_attend", 30), booked("visit-2", 60, replaces="visit-1")])
        assert [("visit_moved", "sms", "due")] == statuses(moved)[1:]

    def test_puts_the_next_call_a_business_day_later(self) -> None:
        """Each try gives the patient time."""
        assert only(tasks(play([*CALLING, call(minutes=30)]))) == Task.of(
            "call_patient", "coordinator", "outreach", after(DAY + 30)
        )

    def test_finds_the_patient_unreachable_after_three_calls(self) -> None:
        """Then the ordering clinician decides, within two business days."""
        facts = decide(NO_ANSWERS[2], play([*CALLING, *NO_ANSWERS[:2]]))
        assert ["ContactRecorded", "PatientUnreachable"] == kinds(facts)
        assert only(tasks(play([*CALLING, *NO_ANSWERS]))) == Task.of(
            "decide_on_unreachable", "clinician", "outreach", after(7 * DAY)
        )

    def test_tells_it_once_and_takes_it_back_when_the_patient_answers(self) -> None:
        """A fourth call may succeed."""
        unreachable = play([*CALLING, *NO_ANSWERS])
        fourth = call(minutes=3 * DAY + 60, contact_id="contact-4")
        assert ["ContactRecorded"] == kinds(decide(fourth, unreachable))
        answered = call("will_attend", 3 * DAY + 90, "contact-5")
        assert only(tasks(play([fourth, answered], unreachable))) is None

    def test_begins_anew_with_a_new_visit(self) -> None:
        """Who did not pick up in March is called about the visit in May; what nobody knows yet is not overdue."""
        rebooked = booked("visit-2", 60 * DAY, starts_at=after(70 * DAY), replaces="visit-1")
        conversation = play([*CALLING, *NO_ANSWERS, rebooked, refused(2, 60 * DAY + 5)])
        assert only(tasks(conversation)) == Task.of("call_patient", "coordinator", "outreach", after(63 * DAY + 5))

    @pytest.mark.parametrize("arrival", [[], [delivered(2, 60 * DAY + 10)]])
    def test_does_not_silence_the_word_of_a_cancellation(self, arrival: list[Command]) -> None:
        """Old calls in vain are no reason to let a patient travel who was told of a visit since."""
        rebooked = booked("visit-2", 60 * DAY, starts_at=after(70 * DAY), replaces="visit-1")
        told = [*CALLING, *NO_ANSWERS, rebooked, sent(2, 60 * DAY + 5), *arrival]
        step = only(tasks(play([*told, cancelled(61 * DAY), refused(3, 61 * DAY + 5), closed(61 * DAY + 20)])))
        assert step is not None
        assert "call_patient" == step.act

    def test_forgets_calls_in_vain_when_a_message_arrives(self) -> None:
        """A telephone that takes messages is one that may be called again: what comes later begins anew."""
        late = play([*CALLING, *NO_ANSWERS, delivered(1, 4 * DAY)])
        assert (0, None, None) == (late.unanswered, late.unreachable_at, only(tasks(late)))

    def test_learns_nothing_from_what_arrives_at_an_old_number(self) -> None:
        """Nobody answers at the new one all the same."""
        anew = [contact("sms", minutes=5, seal="sealed-anew"), refused(2, 6)]
        assert 2 == play([*CALLING, *anew, *NO_ANSWERS[:2], delivered(1, 3 * DAY)]).unanswered

    def test_gives_whoever_decides_time_from_when_it_came_up(self) -> None:
        """What a patient out of reach must hear now is no old debt."""
        unsure = [contact("sms"), booked(), handed_over(1, in_doubt=True), *NO_ANSWERS]
        missed = [ended("missed", minutes=14 * DAY), refused(2, 14 * DAY + 5)]
        assert only(tasks(play([*unsure, *missed]))) == Task.of(
            "decide_on_unreachable", "clinician", "outreach", after(16 * DAY + 5)
        )

    def test_does_not_make_unreachable_who_had_the_message(self) -> None:
        """Who got the text and does not pick up the phone is not lost."""
        told = play([contact("sms"), booked(), sent(), delivered(), *NO_ANSWERS])
        assert (3, None) == (told.unanswered, told.unreachable_at)

    def test_leaves_nothing_to_do_when_the_referral_has_ended_and_nobody_answers(self) -> None:
        """After three calls about a cancellation nobody goes on, and nobody has anything to decide."""
        history = [contact("sms"), booked(), sent(), delivered(), cancelled(5), refused(2, 6), closed(20)]
        assert only(tasks(play(history))) is not None
        assert only(tasks(play([*history, *NO_ANSWERS]))) is None
        assert frozenset() == allowed(play([*history, *NO_ANSWERS]))

    def test_stays_quiet_when_recorded_twice(self) -> None:
        """The same call sent again is one call."""
        assert [] == decide(call(minutes=31), play([*CALLING, call(minutes=30)]))

    def test_refuses_an_answer_that_contradicts_itself(self) -> None:
        """Nobody who was reached gave no answer."""
        for outcome, is_reached in (("no_answer", True), ("declined", False)):
            command = replace(call("informed", 30), outcome=outcome, is_reached=is_reached)  # type: ignore[arg-type] # a pair of literals
            with pytest.raises(Rejected):
                decide(command, play(CALLING))

    def test_refuses_a_referral_that_is_not_known(self) -> None:
        """Nothing can be recorded about a patient of whom intake told nothing."""
        with pytest.raises(NotFound):
            decide(call(), play([booked()]))

    def test_refuses_when_there_is_nothing_left_to_say(self) -> None:
        """The referral is over and the patient knows all there is to know."""
        with pytest.raises(Rejected):
            decide(call(), play([contact("sms"), booked(), sent(), delivered(), closed(5)]))


class TestAllowed:
    @pytest.mark.parametrize(
        ("history", "expected"),
        [
            ([], frozenset()),
            ([booked()], frozenset()),
            ([contact("sms")], {"record_contact"}),
            (CALLING, {"record_contact"}),
            ([*CALLING, ended("fulfilled", minutes=1), closed(2)], frozenset()),
        ],
    )
    def test_never_disagrees_with_decide(self, history: list[object], expected: frozenset[str]) -> None:
        """The button is there exactly when the server takes the call."""
        conversation = play(history)  # type: ignore[arg-type] # commands, of several kinds
        assert allowed(conversation) == expected
        try:
            decide(call("informed", 60), conversation)
            is_taken = True
        except Rejected:
            is_taken = False
        assert is_taken is bool(expected)
