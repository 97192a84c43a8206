from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain import (
    Conversation,
    Notice,
    decide,
    evolve,
    is_timely,
    next_due,
    tasks,
    visit_spoken_of,
    wanted_effects,
)
from services.notifications.domain.content import SETTLING
from services.notifications.domain.hours import spread_of
from shared.contracts.language import Effect, Task
from tests.support.tasks import only
from tests.unit.notifications.talking import (
    NOON,
    REFERRAL,
    VISIT_AT,
    ZONE,
    after,
    booked,
    cancelled,
    closed,
    contact,
    delivered,
    ended,
    may_have_gone,
    minutes_until,
    play,
    refused,
    sent,
    statuses,
    tick,
    undelivered,
)

SETTLED = SETTLING.total_seconds() / 60
TOLD = [contact("sms", "email"), booked(), sent(), delivered()]
EVENING = minutes_until(datetime(2027, 3, 1, 21, 30, tzinfo=ZoneInfo(ZONE)))
MORNING = datetime(2027, 3, 2, 8, tzinfo=ZoneInfo(ZONE)).astimezone(UTC) + spread_of(REFERRAL)


class TestTellOfVisit:
    def test_begins_a_message_at_once_in_lawful_hours(self) -> None:
        """The patient hears of the visit by the medium that they prefer."""
        conversation = play([contact("email", "sms"), booked()])
        assert [("visit_booked", "email", "due")] == statuses(conversation)
        assert [Effect(kind="email", revision=1, target="email", urgency=3)] == wanted_effects(conversation)
        assert only(tasks(conversation)) == Task.of("send_message", "system", "outreach", after(15))

    def test_waits_for_the_morning_in_quiet_hours(self) -> None:
        """Nobody is woken by a text message."""
        conversation = play([contact("sms"), booked(minutes=EVENING)])
        assert [] == wanted_effects(conversation)
        assert MORNING == next_due(conversation)
        assert only(tasks(conversation)) == Task.of(
            "send_message", "system", "outreach", MORNING + timedelta(minutes=15)
        )
        assert [("visit_booked", "sms", "due")] == statuses(play([tick(minutes_until(MORNING))], conversation))

    def test_waits_until_the_contact_is_known(self) -> None:
        """Scheduling may be heard before intake."""
        early = play([booked()])
        assert ([], None, None) == (wanted_effects(early), only(tasks(early)), next_due(early))
        assert play([booked(), contact("sms")]) == play([contact("sms"), booked()])

    def test_leaves_a_patient_without_any_medium_to_a_person(self) -> None:
        """Nobody is forgotten because they have no phone that takes text messages."""
        before = play([contact()])
        assert only(tasks(play([booked()], before))) == Task.of(
            "call_patient", "coordinator", "outreach", after(24 * 60)
        )

    def test_leaves_a_visit_before_the_next_lawful_hour_to_a_person(self) -> None:
        """What cannot be written in time is called in, before the visit."""
        at_seven = datetime(2027, 3, 2, 7, tzinfo=ZoneInfo(ZONE))
        before = play([contact("sms")])
        command = booked(minutes=EVENING, starts_at=at_seven)
        assert only(tasks(play([command], before))) == Task.of("call_patient", "coordinator", "outreach", at_seven)

    def test_tells_of_a_move_who_knew_of_another_date(self) -> None:
        """A second date without the word that it replaces the first would be two visits to the patient."""
        moved = play([*TOLD, booked("visit-2", 5, replaces="visit-1")])
        assert [("visit_moved", "sms", "due")] == statuses(moved)[1:]
        assert visit_spoken_of(moved, moved.messages[1].notice) == moved.visits[1]

    def test_says_nothing_of_a_move_to_who_never_knew(self) -> None:
        """A patient who was not told of the first date hears of one visit only."""
        moved = play([contact("sms"), booked(), booked("visit-2", 1, replaces="visit-1")])
        assert [("visit_booked", "sms", "dropped"), ("visit_booked", "sms", "due")] == statuses(moved)

    def test_corrects_what_may_have_gone_out_while_it_was_dropped(self) -> None:
        """Nothing can be recalled: the patient may have the first date, so the second is told as a move."""
        moved = play([contact("sms"), booked(), booked("visit-2", 1, replaces="visit-1"), may_have_gone(1, 2)])
        assert [
            ("visit_booked", "sms", "gone"),
            ("visit_booked", "sms", "dropped"),
            ("visit_moved", "sms", "due"),
        ] == statuses(moved)

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A visit is told of once."""
        assert [] == decide(booked(), play([contact("sms"), booked()]))


class TestReminders:
    def test_come_three_days_and_one_day_before_once_the_patient_was_told(self) -> None:
        """At the hour of the visit, and at most once: their effects are of the kind that is never repeated."""
        conversation = play(TOLD)
        seen = []
        for number in (2, 3):
            due = next_due(conversation)
            assert due is not None
            seen.append(due)
            conversation = play([tick(minutes_until(due)), sent(number, minutes_until(due))], conversation)
        assert seen == [VISIT_AT - timedelta(days=3), VISIT_AT - timedelta(days=1)]
        assert ["sms", "sms_once", "sms_once"] == [effect.kind for effect in wanted_effects(conversation)]
        assert next_due(conversation) is None

    def test_are_nothing_that_the_referral_waits_for(self) -> None:
        """The visit itself is somebody's next step; the reminder is not."""
        assert only(tasks(play(TOLD))) is None

    def test_are_not_sent_for_a_visit_booked_later_than_they_would_come(self) -> None:
        """Who was told yesterday needs no reminder of three days ago."""
        soon = play([contact("sms"), booked(starts_at=NOON + timedelta(days=2)), sent(), delivered()])
        assert ["visit_booked"] == [message.notice.kind for message in soon.messages]
        assert next_due(soon) == NOON + timedelta(days=1)

    def test_are_not_sent_after_a_long_outage(self) -> None:
        """A reminder of three days ago is of no use beside the one of tomorrow."""
        late = play([*TOLD, tick(minutes_until(VISIT_AT - timedelta(hours=23)))])
        assert [0, 1] == [m.notice.days_before for m in late.messages]
        assert (Notice("visit_reminder", "visit-1", 3),) == late.lapsed

    def test_are_not_sent_to_who_could_not_be_told_of_the_visit(self) -> None:
        """A person calls; there is no medium to remind by."""
        assert ["visit_booked"] == [m.notice.kind for m in play([contact("sms"), booked(), refused()]).messages]

    def test_wait_for_lawful_hours_of_the_patient_not_of_the_site(self) -> None:
        """An early visit three zones to the east is reminded of when the patient is awake."""
        start = datetime(2027, 3, 11, 8, tzinfo=ZoneInfo("America/New_York"))
        conversation = play([contact("sms", zone="America/Los_Angeles"), booked(starts_at=start), sent(), delivered()])
        morning = datetime(2027, 3, 8, 8, tzinfo=ZoneInfo("America/Los_Angeles"))
        assert next_due(conversation) == morning + spread_of(REFERRAL)


class TestEndVisit:
    @pytest.mark.parametrize("status", ["cancelled", "missed", "fulfilled"])
    def test_drops_what_was_not_sent_and_says_nothing_to_who_knew_nothing(self, status: str) -> None:
        """A message about a visit that is over would only confuse."""
        conversation = play([contact("sms"), booked(), ended(status, minutes=1), tick(10)])  # type: ignore[arg-type] # parametrized
        assert [("visit_booked", "sms", "dropped")] == statuses(conversation)
        assert ([], None, None) == (wanted_effects(conversation), only(tasks(conversation)), next_due(conversation))

    def test_corrects_what_was_told_after_things_have_settled(self) -> None:
        """What replaces a cancelled visit may be on its way; then one message says both."""
        conversation = play([*TOLD, ended("cancelled", minutes=5)])
        assert next_due(conversation) == after(5) + SETTLING
        assert [("visit_cancelled", "sms", "due")] == statuses(play([tick(5 + SETTLED)], conversation))[1:]
        rebooked = play([booked("visit-2", 6)], conversation)
        assert [("visit_moved", "sms", "due")] == statuses(play([tick(9)], rebooked))[1:]

    def test_corrects_the_date_that_the_patient_knows_when_its_replacement_was_never_told(self) -> None:
        """The patient knew the first date only: that is the one to call off."""
        history = [*TOLD, booked("visit-2", 5, replaces="visit-1"), ended("cancelled", "visit-2", 6)]
        conversation = play([*history, tick(6 + SETTLED)])
        assert conversation.messages[-1].notice == Notice("visit_cancelled", "visit-1")

    def test_tells_who_missed_a_visit_that_they_knew_of(self) -> None:
        """A missed visit is an invitation to call."""
        missed = play([*TOLD, ended("missed", minutes=5)])
        assert [("visit_missed", "sms", "due")] == statuses(missed)[1:]
        assert [
            ("visit_missed", "sms", "dropped"),
            ("visit_booked", "sms", "due"),
        ] == statuses(play([booked("visit-2", 6)], missed))[1:]

    def test_stops_reminding_when_the_patient_was_seen(self) -> None:
        """A report may prove the visit days before its date."""
        seen = play([*TOLD, ended("fulfilled", minutes=5)])
        assert (None, None) == (next_due(seen), only(tasks(seen)))

    def test_keeps_a_visit_replaced_when_its_old_time_is_cancelled(self) -> None:
        """Giving the old time back is part of the move and nothing to tell."""
        moved = play([*TOLD, booked("visit-2", 5, replaces="visit-1")])
        assert [] == decide(ended("cancelled", minutes=6), moved)

    def test_spares_a_call_about_a_visit_that_is_off(self) -> None:
        """Nobody calls a patient about what they never knew."""
        calling = play([contact("sms"), booked(), refused()])
        assert only(tasks(calling)) is not None
        assert only(tasks(play([ended("cancelled", minutes=1)], calling))) is None

    def test_stays_quiet_when_heard_twice_or_of_an_unknown_visit(self) -> None:
        """Facts may be given up by an operator: a hole must not stop the conversation."""
        assert [] == decide(ended("missed", minutes=6), play([*TOLD, ended("missed", minutes=5)]))
        assert [] == decide(ended("missed", "visit-9", 6), play(TOLD))


class TestStopForCancellation:
    def test_tells_who_had_been_told_something(self) -> None:
        """One message ends it, also when the visit's own cancellation is heard first."""
        for order in ([ended("cancelled", minutes=5), cancelled(6)], [cancelled(5), ended("cancelled", minutes=6)]):
            conversation = play([*TOLD, *order, tick(20)])
            assert [("referral_cancelled", "sms", "due")] == statuses(conversation)[1:]
            assert visit_spoken_of(conversation, conversation.messages[1].notice) == conversation.visits[0]

    def test_says_nothing_to_who_never_heard_of_it(self) -> None:
        """A referral that the patient was told nothing about ends in silence."""
        conversation = play([contact("sms"), booked(), cancelled(1), tick(10)])
        assert [("visit_booked", "sms", "dropped")] == statuses(conversation)
        assert only(tasks(conversation)) is None

    def test_tells_who_may_have_been_told_something(self) -> None:
        """A message that was dropped over a live call may have arrived."""
        conversation = play([contact("sms"), booked(), cancelled(1), may_have_gone(1, 2)])
        assert [("visit_booked", "sms", "gone"), ("referral_cancelled", "sms", "due")] == statuses(conversation)

    def test_says_nothing_when_the_patient_has_died(self) -> None:
        """No family gets an appointment reminder, nor word of a cancelled one."""
        conversation = play([*TOLD, cancelled(5, because="deceased"), tick(20)])
        assert (1, None, None) == (len(conversation.messages), next_due(conversation), only(tasks(conversation)))
        assert "dropped" == play([*TOLD, cancelled(5), closed(6, "deceased")]).messages[-1].status

    def test_says_nothing_more_when_the_patient_dies_after_the_cancellation(self) -> None:
        """A second cancellation brings the death alone: from when the first is, and heard twice it is nothing new."""
        died = cancelled(6, because="deceased")
        conversation = play([*TOLD, cancelled(5), died])
        assert "dropped" == conversation.messages[-1].status
        assert conversation.cancelled_at == play([*TOLD, cancelled(5)]).cancelled_at
        assert play([*TOLD, cancelled(5), died, died]) == conversation

    def test_says_nothing_to_who_was_seen_after_all(self) -> None:
        """Care happened while the referral was being wound down."""
        conversation = play([*TOLD, cancelled(5), ended("fulfilled", minutes=6)])
        assert [("referral_cancelled", "sms", "dropped")] == statuses(conversation)[1:]

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A referral is cancelled once."""
        assert [] == decide(cancelled(6), play([*TOLD, cancelled(5)]))


class TestStopForClosing:
    def test_ends_everything(self) -> None:
        """A closed loop needs no more words."""
        conversation = play([*TOLD, closed(5)])
        assert (None, None) == (next_due(conversation), only(tasks(conversation)))
        assert wanted_effects(conversation) == wanted_effects(play(TOLD))

    def test_lets_the_word_of_a_cancellation_go_out(self) -> None:
        """It may have to wait for the morning, by which time the referral is closed."""
        conversation = play([*TOLD, cancelled(EVENING), closed(EVENING + 15), tick(minutes_until(MORNING))])
        assert [("referral_cancelled", "sms", "due")] == statuses(conversation)[1:]

    def test_leaves_a_call_about_a_cancellation_to_be_made(self) -> None:
        """Whoever was told of a visit and cannot be written to must not travel for nothing."""
        conversation = play([*TOLD, cancelled(5), closed(6), refused(2, 7), undelivered(3, 8)])
        step = only(tasks(conversation))
        assert step is not None
        assert "call_patient" == step.act

    def test_stays_quiet_when_heard_twice(self) -> None:
        """A referral is closed once."""
        assert [] == decide(closed(6), play([*TOLD, closed(5)]))


class TestIsTimely:
    def test_looks_at_the_clock_and_at_the_visit(self) -> None:
        """What was begun before nine and is retried after it must not leave."""
        conversation = play([contact("sms"), booked()])
        assert is_timely(conversation, 1, after(1))
        assert not is_timely(conversation, 1, after(EVENING))
        assert not is_timely(conversation, 1, VISIT_AT)
        assert not is_timely(conversation, 9, after(1))
        assert not is_timely(Conversation(), 1, after(1))

    def test_refuses_what_is_not_wanted_any_more(self) -> None:
        """The state may have moved on since the call was written down."""
        conversation = play([contact("sms"), booked(), ended("cancelled", minutes=1)])
        assert not is_timely(conversation, 1, after(2))


class TestEvolve:
    def test_is_total_for_messages_that_are_not_known(self) -> None:
        """What has happened is never refused."""
        facts = decide(refused(), play([contact("sms"), booked()]))
        assert evolve(Conversation(), facts[0]) == Conversation()
