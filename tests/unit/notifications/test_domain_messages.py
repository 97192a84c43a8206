from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from services.notifications.domain import decide, next_due, tasks, wanted_effects
from services.notifications.domain.evolve import number_of
from services.notifications.domain.schedule import RECEIPT_WAIT
from shared.contracts.language import Command, Reason, Task, Tick
from shared.contracts.notifications import MessageFailed, MessageSent, MessageUnknown
from shared.errors import NotFound, Rejected
from tests.support.given import kinds
from tests.support.tasks import only
from tests.unit.notifications.talking import (
    REFERRAL,
    VISIT_AT,
    after,
    booked,
    contact,
    delivered,
    ended,
    handed_over,
    may_have_gone,
    minutes_until,
    play,
    postponed,
    refused,
    sent,
    statuses,
    tick,
    told,
    undelivered,
)

BEGUN = [contact("sms", "email"), booked()]
REMINDING = [*BEGUN, sent(), delivered(), tick(minutes_until(VISIT_AT - timedelta(days=3)))]
CALL = Task.of("call_patient", "coordinator", "outreach", after(24 * 60))
WAITED = RECEIPT_WAIT.total_seconds() / 60


class TestRecordSent:
    def test_tells_that_the_message_went_out(self) -> None:
        """Whoever subscribes learns what was sent and when, and nothing of what it said."""
        fact = told(sent(minutes=1), play(BEGUN), MessageSent)[0]
        assert (
            REFERRAL,
            f"{REFERRAL}.1",
            "visit_booked",
            "visit-1",
            1,
            "sms",
        ) == (fact.referral_id, fact.message_id, fact.kind, fact.about, fact.attempt, fact.medium)

    def test_waits_for_a_receipt_of_a_text_message(self) -> None:
        """A gateway that took it has not delivered it yet."""
        conversation = play([*BEGUN, sent(minutes=1)])
        ends_at = after(1) + RECEIPT_WAIT
        assert only(tasks(conversation)) == Task.of("await_receipt", "system", "outreach", ends_at)
        assert next_due(conversation) == ends_at

    def test_waits_for_nothing_after_an_email(self) -> None:
        """Mail has no receipts."""
        assert only(tasks(play([contact("email"), booked(), sent()]))) is None

    def test_counts_however_late(self) -> None:
        """Evidence that it went out outweighs every belief that it did not."""
        late = play([*BEGUN, handed_over(1, 5, in_doubt=True), sent(1, 6)])
        assert [("visit_booked", "sms", "sent"), ("visit_booked", "email", "dropped")] == statuses(late)

    def test_stays_quiet_when_told_twice(self) -> None:
        """One message is sent once."""
        assert [] == decide(sent(minutes=2), play([*BEGUN, sent(minutes=1)]))

    def test_refuses_a_message_that_is_not_known(self) -> None:
        """A callback with an invented id finds nothing."""
        for number in (0, -1, 2):
            with pytest.raises(NotFound):
                decide(sent(number), play(BEGUN))


class TestRecordReceipt:
    def test_ends_the_wait(self) -> None:
        """Delivered is delivered."""
        assert only(tasks(play([*BEGUN, sent(), delivered(1, 1)]))) is None

    def test_tries_the_next_medium_when_it_did_not_arrive(self) -> None:
        """An undelivered text is followed by an e-mail, and that by a person."""
        conversation = play([*BEGUN, sent(), undelivered(1, 1)])
        assert [("visit_booked", "sms", "failed"), ("visit_booked", "email", "due")] == statuses(conversation)
        assert 2 == conversation.messages[1].attempt
        assert only(tasks(play([refused(2, 2)], conversation))) == CALL.model_copy(
            update={"due_at": after(24 * 60 + 2)}
        )

    def test_may_overtake_the_answer_to_the_send(self) -> None:
        """The order in which a gateway's two words arrive does not matter."""
        assert ["MessageSent", "MessageDelivered"] == kinds(decide(delivered(), play(BEGUN)))
        assert ["MessageSent", "MessageFailed"] == kinds(decide(undelivered(), play(BEGUN)))[:2]
        for receipt in (delivered(minutes=1), undelivered(minutes=1)):
            assert play([*BEGUN, receipt, sent(minutes=1)]) == play([*BEGUN, sent(minutes=1), receipt])

    def test_believes_delivery_after_failure_and_not_the_reverse(self) -> None:
        """Reordered callbacks of a gateway end the same."""
        forth = play([*BEGUN, sent(), undelivered(1, 1), delivered(1, 2)])
        assert [("visit_booked", "sms", "delivered"), ("visit_booked", "email", "dropped")] == statuses(forth)
        assert [] == decide(undelivered(1, 2), play([*BEGUN, sent(), delivered(1, 1)]))

    @pytest.mark.parametrize("order", list(permutations(range(5))))
    def test_is_believed_in_any_order_however_often(self, order: tuple[int, ...]) -> None:
        """Late, twice, and without their reason again: what is known never goes back, and no reason is replaced."""
        bare = replace(undelivered(), reason=Reason(system="twilio", code="undelivered"))
        words = [sent(), undelivered(), bare, delivered(), undelivered()]
        conversation, seen, reasons = play(BEGUN), [], []
        for n in order:
            facts = decide(words[n], conversation)
            reasons += [fact.reason for fact in facts if isinstance(fact, MessageFailed)]
            conversation = play([words[n]], conversation)
            seen.append(conversation.messages[0].status)

        ranks = ["due", "sent", "failed", "delivered"]
        assert seen == sorted(seen, key=ranks.index)
        assert "delivered" == seen[-1]
        assert len(reasons) <= 1

    @pytest.mark.parametrize("receipt", [delivered(1, 2), undelivered(1, 2)])
    def test_stays_quiet_when_told_twice(self, receipt: Command) -> None:
        """Gateways repeat their callbacks."""
        assert [] == decide(receipt, play([*BEGUN, sent(), receipt]))

    def test_is_not_waited_for_longer_than_a_day(self) -> None:
        """A text that nobody reports on counts as not delivered: the next medium tells it again."""
        conversation = play([*BEGUN, sent(), tick(WAITED)])
        assert [("visit_booked", "sms", "failed"), ("visit_booked", "email", "due")] == statuses(conversation)
        assert "no-receipt" == told(tick(WAITED), play([*BEGUN, sent()]), MessageFailed)[0].reason.code

    def test_is_not_waited_for_beyond_the_visit_nor_for_a_reminder(self) -> None:
        """Then it makes no difference any more."""
        soon = play([contact("sms"), booked(starts_at=after(20 * 60)), sent()])
        assert only(tasks(soon)) is None
        last = minutes_until(VISIT_AT - timedelta(days=1))
        reminded = play([*REMINDING, sent(2, 9000), tick(last), sent(3, last)])
        assert (None, None) == (only(tasks(reminded)), next_due(reminded))

    def test_leaves_a_medium_that_failed_for_last(self) -> None:
        """Who could not be texted about the booking is e-mailed first about the move."""
        told_by_mail = [*BEGUN, sent(), undelivered(1, 1), sent(2, 2)]
        moved = play([*told_by_mail, booked("visit-2", 5, replaces="visit-1")])
        assert [("visit_moved", "email", "due")] == statuses(moved)[2:]


class TestRecordRefusal:
    def test_tries_the_next_medium_and_withdraws_the_effect(self) -> None:
        """A number that the gateway will not take is not tried for ever."""
        conversation = play([*BEGUN, refused(1, 1)])
        assert [("visit_booked", "sms", "failed"), ("visit_booked", "email", "due")] == statuses(conversation)
        assert [("email", 2)] == [(effect.kind, effect.revision) for effect in wanted_effects(conversation)]

    def test_waits_for_lawful_hours_before_the_next_medium(self) -> None:
        """A failure at night does not send an e-mail at night."""
        conversation = play([*BEGUN, refused(1, 11 * 60)])
        assert [("visit_booked", "sms", "failed")] == statuses(conversation)
        assert next_due(conversation) is not None

    def test_stays_quiet_about_a_message_that_is_settled(self) -> None:
        """A refusal says nothing against what is known to have gone out."""
        assert [] == decide(refused(1, 2), play([*BEGUN, sent()]))
        assert [] == decide(refused(1, 2), play([*BEGUN, refused()]))


class TestRecordMayHaveGone:
    def test_is_told_as_unknown(self) -> None:
        """Nobody can say whether the patient has it."""
        dropped = play([contact("sms"), booked(), ended("cancelled", minutes=1)])
        assert ["MessageUnknown"] == kinds(decide(may_have_gone(1, 2), dropped))
        assert [
            ("visit_booked", "sms", "gone"),
            ("visit_cancelled", "sms", "due"),
        ] == statuses(play([may_have_gone(1, 2), tick(5)], dropped))

    def test_stays_quiet_about_anything_but_a_dropped_message(self) -> None:
        """A withdrawal of what is known changes nothing."""
        for history in ([sent()], [handed_over(in_doubt=True)], [refused()], []):
            assert [] == decide(may_have_gone(1, 3), play([*BEGUN, *history]))

    def test_never_risks_a_reminder_twice(self) -> None:
        """A reminder that could have gone is never sent again; one stopped at the door is."""
        risky = play([*REMINDING, ended("cancelled", minutes=8650), may_have_gone(2, 8651)])
        assert 1 == [message.notice.kind for message in risky.messages].count("visit_reminder")
        soon = booked(starts_at=VISIT_AT - timedelta(days=7, hours=-1))
        doubted = play([contact("sms", "email"), soon, sent(), tick(60), undelivered(1, 61), sent(3, 62)])
        assert [
            ("visit_booked", "failed"),
            ("visit_reminder", "dropped"),
            ("visit_booked", "sent"),
        ] == [(message.notice.kind, message.status) for message in doubted.messages]
        stopped = play([*REMINDING, postponed(2, minutes_until(VISIT_AT - timedelta(days=3)))])
        assert 2 == [message.notice.kind for message in stopped.messages].count("visit_reminder")


class TestPostpone:
    def test_says_it_again_at_the_next_lawful_hour_as_the_same_attempt(self) -> None:
        """Begun at 20:59 and looked at again at 21:01, it goes out in the morning."""
        evening = 9 * 60 + 1
        conversation = play([*BEGUN, postponed(1, evening)])
        assert [("visit_booked", "sms", "postponed")] == statuses(conversation)
        due = next_due(conversation)
        assert due is not None
        again = play([tick(minutes_until(due))], conversation)
        assert ("due", 1) == (again.messages[1].status, again.messages[1].attempt)

    def test_lets_go_of_what_is_of_no_use_any_more(self) -> None:
        """At the start of the visit nobody needs to be told of it."""
        conversation = play([*BEGUN, postponed(1, minutes_until(VISIT_AT))])
        assert (None, None) == (next_due(conversation), only(tasks(conversation)))

    def test_stays_quiet_about_a_message_that_is_settled(self) -> None:
        """It went out after all."""
        assert [] == decide(postponed(1, 1), play([*BEGUN, sent()]))


class TestEffectNeedsPerson:
    def test_tries_the_next_medium_after_a_message_that_may_be_told_twice(self) -> None:
        """In doubt about a changed appointment, telling it again is the lesser harm."""
        conversation = play([*BEGUN, handed_over(1, 5, in_doubt=True)])
        assert [("visit_booked", "sms", "unknown"), ("visit_booked", "email", "due")] == statuses(conversation)
        assert "MessageUnknown" == kinds(decide(handed_over(1, 5, in_doubt=True), play(BEGUN)))[0]

    def test_asks_a_person_about_a_reminder_in_doubt(self) -> None:
        """A reminder is never risked twice, by no medium."""
        conversation = play(REMINDING)
        command = handed_over(2, 9000, in_doubt=True, kind="sms_once")
        assert ["MessageUnknown"] == kinds(decide(command, conversation))
        step = only(tasks(play([command], conversation)))
        assert step is not None
        assert ("call_patient", "coordinator") == (step.act, step.owner)

    def test_counts_as_failed_what_certainly_did_not_go_out(self) -> None:
        """A gateway that is down all the time costs the medium, not the message."""
        facts = told(handed_over(1, 5), play(BEGUN), MessageFailed)
        assert "gateway-unavailable" == facts[0].reason.code
        assert ("visit_booked", "email", "due") == statuses(play([*BEGUN, handed_over(1, 5)]))[1]

    def test_stays_quiet_about_a_message_that_is_settled(self) -> None:
        """The answer came before the engine gave up."""
        assert [] == decide(handed_over(1, 5, in_doubt=True), play([*BEGUN, sent()]))


class TestTick:
    def test_stays_quiet_when_nothing_is_due(self) -> None:
        """Time alone is no news."""
        assert [] == decide(tick(1), play(BEGUN))
        assert [] == decide(tick(1), play([]))

    def test_begins_nothing_while_something_waits_unread(self) -> None:
        """The unread fact may be a cancellation."""
        waiting = play([contact("sms")])
        heard = booked()
        parked = type(heard)(**{**vars(heard), "parked": ("intake",)})
        conversation = play([parked], waiting)
        assert [] == wanted_effects(conversation)
        assert [("visit_booked", "sms", "due")] == statuses(play([tick(1)], conversation))

    def test_holds_what_it_finds_too_late_in_the_evening(self) -> None:
        """After an outage the clock may strike at night for a moment of the day."""
        moved = play([contact("sms", minutes=-900), booked(minutes=-900)])
        night = 10 * 60
        assert ["MessagesHeld"] == kinds(decide(tick(night), moved))
        due = next_due(play([tick(night)], moved))
        assert due is not None
        assert due > after(night)


class TestUnknownCommands:
    def test_are_refused(self) -> None:
        """The decider refuses by default."""
        strange = tick()
        with pytest.raises(Rejected):
            decide(Command(at=strange.at, by=strange.by, channel="clock"), play(BEGUN))
        assert isinstance(strange, Tick)


class TestNumberOf:
    @pytest.mark.parametrize(
        ("message_id", "expected"), [(f"{REFERRAL}.12", 12), (REFERRAL, 0), ("a.b", 0), ("a.²", 0)]
    )
    def test_reads_the_number_or_nothing(self, message_id: str, expected: int) -> None:
        """Ids come back from outside and may be anything."""
        assert number_of(message_id) == expected


def test_unknown_is_told_with_its_own_words() -> None:
    """MessageUnknown names the message as every other fact does."""
    fact = told(handed_over(1, 5, in_doubt=True), play(BEGUN), MessageUnknown)[0]
    assert (f"{REFERRAL}.1", 1) == (fact.message_id, fact.attempt)
