"""What holds whatever comes, in whatever order, at whatever hour."""

from datetime import timedelta
from typing import Any

from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifications.domain import INITIAL, Conversation, decide, next_due, tasks, wanted_effects
from services.notifications.domain.content import still_open
from services.notifications.domain.facts import MessagePlanned
from services.notifications.domain.hours import is_lawful
from services.notifications.domain.state import AT_MOST_ONCE
from services.notifications.store import CONVERSATION
from shared.contracts.language import Command
from tests.support.tasks import only
from tests.unit.notifications.talking import (
    NOON,
    ZONE,
    booked,
    call,
    cancelled,
    closed,
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
    tick,
    undelivered,
)

NIGHT, DAY = 11 * 60, 60
media = st.sampled_from([(), ("sms",), ("email",), ("sms", "email"), ("email", "sms")])
ends = st.sampled_from(["cancelled", "missed", "fulfilled"])


@st.composite
def of_intake(draw: Any, minutes: float) -> list[Command]:
    """What intake may tell, in its order."""
    story: list[Command] = [contact(*draw(media), minutes=minutes)]
    if draw(st.booleans()):
        story.append(contact(*draw(media), minutes=minutes, seal="sealed-anew"))
    if draw(st.booleans()):
        story.append(cancelled(minutes, draw(st.sampled_from(["changed-plan", "deceased"]))))
    if draw(st.booleans()):
        story.append(closed(minutes, draw(st.sampled_from(["completed", "deceased"]))))
    return story


@st.composite
def of_scheduling(draw: Any, minutes: float) -> list[Command]:
    """What scheduling may tell, in its order."""
    story: list[Command] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        starts_at = NOON + timedelta(days=draw(st.integers(1, 9)))
        replaces = f"visit-{number - 1}" if number > 1 and draw(st.booleans()) else None
        story.append(booked(f"visit-{number}", minutes, starts_at=starts_at, replaces=replaces))
        if draw(st.booleans()):
            story.append(ended(draw(ends), f"visit-{number}", minutes))
    return story


def merged(draw: Any, *stories: list[Command]) -> list[Command]:
    """One interleaving that keeps the order of each story."""
    places = draw(st.permutations([place for place, story in enumerate(stories) for _ in story]))
    rest = [iter(story) for story in stories]
    return [next(rest[place]) for place in places]


class TestInterleavings:
    @for_all(st.data())
    def test_end_the_same_to_the_byte_while_nothing_may_be_sent(self, data: Any) -> None:
        """Order is promised within one source only: at night every interleaving is one state."""
        stories = data.draw(of_intake(NIGHT)), data.draw(of_scheduling(NIGHT))
        assert _known(play(merged(data.draw, *stories))) == _known(play([*stories[0], *stories[1]]))

    @for_all(st.data())
    def test_end_with_the_same_to_say_by_day(self, data: Any) -> None:
        """By day a message may have been begun and dropped on the way; what stays to be done is the same."""
        stories = data.draw(of_intake(DAY)), data.draw(of_scheduling(DAY))
        first, second = play(merged(data.draw, *stories)), play([*stories[0], *stories[1]])
        assert _alive(first) == _alive(second)
        assert (only(tasks(first)), next_due(first)) == (only(tasks(second)), next_due(second))

    @for_all(st.data())
    def test_survive_the_store(self, data: Any) -> None:
        """The state as it rests in MongoDB is the state."""
        conversation = play(merged(data.draw, data.draw(of_intake(DAY)), data.draw(of_scheduling(DAY))))
        assert CONVERSATION.decode(CONVERSATION.encode(conversation), CONVERSATION.schema) == conversation


def _known(conversation: Conversation) -> Any:
    """Everything but how often somebody was told that a patient without any medium must be called."""
    return (
        conversation.reach,
        conversation.visits,
        conversation.lapsed,
        _alive(conversation),
        only(tasks(conversation)),
        next_due(conversation),
        wanted_effects(conversation),
    )


def _alive(conversation: Conversation) -> set[Any]:
    return {(m.notice, m.medium) for m in conversation.messages if m.status == "due"}


class Talk(RuleBasedStateMachine):
    """A patient, two services, gateways and a coordinator, for some weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = INITIAL
        self.minutes = 0.0
        self.visits = 0
        self.calls = 0
        self.unlisted: set[tuple[str, int]] = set()

    def say(self, command: Command) -> None:
        """Decide, fold, and watch what may never happen."""
        listed = {(effect.kind, effect.revision) for effect in wanted_effects(self.conversation)}
        facts = decide(command, self.conversation)
        begun = [fact.message for fact in facts if isinstance(fact, MessagePlanned) and fact.message.is_owed]
        assert not begun or is_lawful(command.at, ZONE)
        self.conversation = play([command], self.conversation)
        now_listed = {(effect.kind, effect.revision) for effect in wanted_effects(self.conversation)}
        self.unlisted |= listed - now_listed
        assert not self.unlisted & now_listed
        due = next_due(self.conversation)
        assert due is None or due > command.at

    @rule(hours=st.integers(1, 40))
    def let_time_pass(self, hours: int) -> None:
        """An hour or some, but not beyond what is due."""
        due = next_due(self.conversation)
        then = self.minutes + hours * 60
        self.minutes = then if due is None else min(then, minutes_until(due))
        if due is not None and self.minutes == minutes_until(due):
            before = self.conversation
            self.say(tick(self.minutes))
            assert self.conversation != before

    @rule(late_hours=st.integers(1, 30))
    def stand_still_and_wake(self, late_hours: int) -> None:
        """An outage: the clock strikes long after what was due."""
        due = next_due(self.conversation)
        assume(due is not None)
        assert due is not None
        self.minutes = max(self.minutes, minutes_until(due)) + late_hours * 60
        self.say(tick(self.minutes))

    @rule(chosen=media, edition=st.integers(1, 3))
    def hear_contact(self, chosen: Any, edition: int) -> None:
        """Intake."""
        self.say(contact(*chosen, minutes=self.minutes, seal=f"sealed-{edition}"))

    @rule(days=st.integers(0, 12), hours=st.integers(1, 23), is_move=st.booleans())
    def hear_visit(self, days: int, hours: int, *, is_move: bool) -> None:
        """Scheduling books or moves."""
        self.visits += 1
        replaces = f"visit-{self.visits - 1}" if is_move else None
        starts_at = NOON + timedelta(minutes=self.minutes, days=days, hours=hours)
        self.say(booked(f"visit-{self.visits}", self.minutes, starts_at=starts_at, replaces=replaces))

    @precondition(lambda self: self.visits)
    @rule(status=ends)
    def hear_end(self, status: Any) -> None:
        """Scheduling tells what became of the visit."""
        self.say(ended(status, f"visit-{self.visits}", self.minutes))

    @precondition(lambda self: self.visits > 1)
    @rule()
    def hear_cancelled_or_closed(self) -> None:
        """Intake ends the referral."""
        self.say(cancelled(self.minutes) if self.conversation.cancelled_at is None else closed(self.minutes))

    @precondition(lambda self: any(m.status == "due" for m in self.conversation.messages))
    @rule(outcome=st.sampled_from([sent, sent, delivered, refused, postponed, "handed", "doubt"]))
    def answer(self, outcome: Any) -> None:
        """A gateway answers, or the engine gives up."""
        message = next(m for m in self.conversation.messages if m.status == "due")
        if isinstance(outcome, str):
            in_doubt = outcome == "doubt"
            kind = message.effect_kind
            self.say(handed_over(message.number, self.minutes, in_doubt=in_doubt, kind=kind))
        else:
            self.say(outcome(message.number, self.minutes))

    @precondition(lambda self: any(m.status == "sent" for m in self.conversation.messages))
    @rule(is_delivered=st.booleans())
    def report(self, *, is_delivered: bool) -> None:
        """A receipt."""
        message = next(m for m in self.conversation.messages if m.status == "sent")
        self.say((delivered if is_delivered else undelivered)(message.number, self.minutes))

    @precondition(lambda self: any(m.status == "dropped" for m in self.conversation.messages))
    @rule(is_seen=st.booleans())
    def hear_of_dropped(self, *, is_seen: bool) -> None:
        """A dropped message went out after all, or may have."""
        message = next(m for m in self.conversation.messages if m.status == "dropped")
        self.say((sent if is_seen else may_have_gone)(message.number, self.minutes))

    @precondition(lambda self: only(tasks(self.conversation)) is not None)
    @rule(outcome=st.sampled_from(["no_answer", "no_answer", "will_attend"]))
    def make_call(self, outcome: Any) -> None:
        """The coordinator calls."""
        step = only(tasks(self.conversation))
        if step is not None and step.act == "call_patient":
            self.calls += 1
            self.say(call(outcome, self.minutes, f"contact-{self.calls}"))

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """What ought to be said and was not is somebody's next step, with a due time."""
        matters = [want for want in still_open(self.conversation) if want.notice.kind not in AT_MOST_ONCE]
        assert not matters or only(tasks(self.conversation)) is not None

    @invariant()
    def reminders_are_never_risked_twice(self) -> None:
        """At most one message about a reminder can have reached the patient."""
        could_have = {"sent", "delivered", "unknown", "gone"}
        reached = [
            message.notice
            for message in self.conversation.messages
            if message.notice.kind in AT_MOST_ONCE and message.status in could_have
        ]
        assert len(reached) == len(set(reached))


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
