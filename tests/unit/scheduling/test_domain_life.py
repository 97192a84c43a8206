"""What holds whatever happens: facts come, people click, calls answer late or never, time passes."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.scheduling import domain as d
from services.scheduling.domain import decide, evolve, life_of
from services.scheduling.store import PLACEMENT
from shared.contracts.language import Command
from shared.contracts.scheduling import VisitBooked
from shared.errors import Rejected
from tests.support.tasks import only
from tests.unit.scheduling.placing import (
    AWAY,
    ENDED,
    FAR,
    HOUSE,
    NOT_REQUIRED,
    OVERRIDDEN,
    REASON,
    TUESDAY,
    answer,
    held,
    item,
    offered,
    ordered,
    outcome,
    refused,
    report,
    say,
    slot,
    stuck,
    tick,
)

PROVIDERS = (HOUSE, AWAY, FAR)


class Life(RuleBasedStateMachine):
    """A placement that anything may happen to."""

    def __init__(self) -> None:
        super().__init__()
        self.state = d.INITIAL
        self.now = TUESDAY
        self.listed: set[tuple[str, int]] = set()
        self.gone: set[tuple[str, int]] = set()
        self.dead: set[int] = set()

    def say(self, command: Command) -> None:
        """Decide it and fold what follows; a refusal changes nothing."""
        try:
            facts = decide(command, self.state)
        except Rejected:
            return
        for fact in facts:
            if isinstance(fact, VisitBooked):
                assert isinstance(self.state.seeking, d.Reserving)
                assert self.state.leave.covers(self.state.seeking.attempt.slot)
            self.state = evolve(self.state, fact)

    @initialize(count=st.integers(0, 3), priority=st.sampled_from(["stat", "routine"]), leave=st.booleans())
    def order(self, count: int, priority: str, leave: bool) -> None:
        """The referral comes in."""
        for command in [*([NOT_REQUIRED] if leave else []), *ordered(*PROVIDERS[:count], priority=priority)]:
            self.say(command)

    @rule(days=st.lists(st.integers(1, 20), min_size=1, max_size=8))
    def go_on(self, days: list[int]) -> None:
        """For a while, whoever is waited for does what is hoped for; the patient never comes."""
        for day in days:
            self.go_on_once(day)

    def go_on_once(self, day: int) -> None:
        """Whoever is waited for does it now."""
        choice, seeking, visit = self.state.choice, self.state.seeking, self.state.visit
        if choice and choice.answer == "asked":
            self.say(_at(answer(choice.number), self.now))
        elif choice and isinstance(seeking, d.Searching):
            on = (self.now - TUESDAY).days + day
            self.say(offered(slot(on, choice.provider_ref), search=seeking.search, at=self.now))
        elif isinstance(seeking, d.Reserving):
            self.say(held(seeking.attempt.number, self.now))
        elif visit:
            self.now = max(self.now, visit.attempt.slot.ends_at)
            self.say(tick(self.now))
            self.say(outcome("missed", visit.attempt.number, self.now))
        elif choice:
            self.say(_at(OVERRIDDEN, self.now))

    @rule(last=st.integers(3, 60), provider=st.sampled_from(PROVIDERS))
    def approve(self, last: int, provider: d.Candidate) -> None:
        """The payer certifies."""
        self.say(say(d.RecordApproval, self.now, items=(item(provider.provider_ref, last=last),)))

    @rule(command=st.sampled_from([d.RecordDenial, d.RecordWithdrawal]))
    def take_leave(self, command: type[Command]) -> None:
        """The payer refuses, or the authorization is given back."""
        self.say(say(command, self.now))

    @rule(basis=st.sampled_from(["not_required", "overridden"]), provider=st.none() | st.sampled_from(PROVIDERS))
    def leave(self, basis: str, provider: d.Candidate | None) -> None:
        """No certificate is needed."""
        self.say(say(d.RecordClearance, self.now, basis=basis, provider_ref=provider and provider.provider_ref))

    @rule(choice=st.integers(1, 4), accepted=st.booleans())
    def answer(self, choice: int, accepted: bool) -> None:
        """An office answers."""
        self.say(_at(answer(choice, accepted), self.now))

    @rule(provider=st.sampled_from(PROVIDERS))
    def choose(self, provider: d.Candidate) -> None:
        """Somebody chooses."""
        self.say(say(d.ChooseProvider, self.now, candidate=provider))

    @rule(days=st.lists(st.integers(0, 70), max_size=3), late=st.integers(0, 1))
    def offer(self, days: list[int], late: int) -> None:
        """A search answers, perhaps an old one."""
        ref = self.state.choice.provider_ref if self.state.choice else "pr-house"
        openings = [slot(day, ref) for day in days]
        self.say(offered(*openings, search=self.state.searches - late, at=self.now))

    @rule(late=st.integers(0, 2), word=st.sampled_from(["held", "refused", "released"]))
    def claim(self, late: int, word: str) -> None:
        """A claim is answered, perhaps an old one."""
        number = self.state.attempts - late
        released = say(d.RecordReservationReleased, attempt=number)
        command = {"held": held(number), "refused": refused(number), "released": released}[word]
        self.say(_at(command, self.now))

    @rule(day=st.integers(0, 70), by=st.sampled_from(["own", "external"]))
    def book(self, day: int, by: str) -> None:
        """Somebody names a time."""
        ref = self.state.choice.provider_ref if self.state.choice else "pr-house"
        self.say(say(d.BookVisit, self.now, slot=slot(day, ref), booked_by=by))

    @precondition(lambda self: self.state.visits)
    @rule(back=st.integers(1, 3), what=st.sampled_from(["fulfilled", "missed", "cancel", "confirm"]))
    def visit(self, back: int, what: Any) -> None:
        """Something becomes of a visit."""
        number = self.state.visits[-back:][0].attempt.number
        visit_id = f"visit-{number}"
        commands: dict[str, Command] = {
            "cancel": say(d.CancelVisit, self.now, visit_id=visit_id, reason=REASON),
            "confirm": say(d.ConfirmAppointment, self.now, visit_id=visit_id),
        }
        self.say(commands.get(what) or say(d.RecordOutcome, self.now, visit_id=visit_id, outcome=what))

    @rule(kind=st.sampled_from(["search", "claim", "office_request", "appointment"]), revision=st.integers(1, 4))
    def give_up(self, kind: str, revision: int) -> None:
        """A call was tried in vain."""
        self.say(stuck(kind, revision, self.now))

    @rule(wish=st.sampled_from(["wants_other_time", "declined", "will_attend"]))
    def contact(self, wish: str) -> None:
        """Somebody spoke with the patient."""
        self.say(say(d.RecordContact, self.now, outcome=wish))

    @precondition(lambda self: len(self.state.visits) > 1)
    @rule(ended=st.booleans())
    def end(self, ended: bool) -> None:
        """The referral ends, or a report comes."""
        self.say(_at(ENDED, self.now) if ended else report(self.now))

    @rule(hours=st.integers(0, 200))
    def wait(self, hours: int) -> None:
        """Time passes; whatever is armed rings in between."""
        until = self.now + timedelta(hours=hours)
        while (due := d.next_due(self.state)) and due <= until:
            self.now = max(self.now, due)
            before = self.state
            self.say(tick(self.now))
            assert self.state != before
        self.now = until

    @invariant()
    def nothing_due_is_left(self) -> None:
        """What a Tick decided is disarmed."""
        due = d.next_due(self.state)
        before = self.state
        if due is None or due > self.now:
            self.say(tick(self.now))
            assert self.state == before

    @invariant()
    def somebody_has_the_next_step(self) -> None:
        """Only who waits for another service, or is done, has none."""
        state, choice = self.state, self.state.choice
        waits_for_leave = choice and choice.answer == "accepted" and not state.leave.permits(choice.provider_ref)
        is_elsewhere = state.order is None or not state.is_complete or state.is_settled or waits_for_leave
        assert is_elsewhere or only(d.tasks(state)) is not None

    @invariant()
    def what_was_given_up_stays_so(self) -> None:
        """An effect once unlisted is never listed again, and a dead attempt never lives again."""
        now = {(effect.kind, effect.revision) for effect in d.wanted_effects(self.state)}
        assert not now & self.gone
        self.gone |= self.listed - now
        self.listed = now
        attempts = range(1, self.state.attempts + 1)
        assert all(life_of(self.state, number) == "dead" for number in self.dead)
        self.dead |= {number for number in attempts if life_of(self.state, number) == "dead"}

    @invariant()
    def it_rests_in_the_store_as_it_is(self) -> None:
        """What is read again is what was written."""
        assert PLACEMENT.decode(PLACEMENT.encode(self.state), PLACEMENT.schema) == self.state


def _at(command: Command, now: datetime) -> Command:
    return type(command)(**{**vars(command), "at": now})


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
