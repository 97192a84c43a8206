"""What holds after any history: hunted by a state machine of commands, scheduling's story and time."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter

from services.intake.domain import INITIAL, Referral, State, allowed, decide, evolve, next_due, tasks, wanted_effects
from services.intake.domain.receiving import REQUIRED
from services.intake.domain.state import MatchOutcome
from services.intake.domain.whom import Whom
from shared.contracts.intake import Item, Outcome, ReportKind
from shared.contracts.language import Command, Priority
from shared.errors import Rejected
from tests.support.given import kinds
from tests.unit.intake import telling
from tests.unit.intake.telling import BY, MONDAY

CODEC: TypeAdapter[State] = TypeAdapter(State)
ITEMS = st.lists(st.sampled_from(REQUIRED), unique=True).map(tuple)
OUTCOMES: tuple[Outcome, ...] = ("unreachable", "seen_no_report", "denied_final", "completed", "deceased")
KINDS: tuple[ReportKind, ...] = ("final", "interim", "addendum")
PRIORITIES: tuple[Priority, ...] = ("routine", "urgent", "asap", "stat")
WHOM: tuple[Whom, ...] = ("unknown", "same", "other")
MATCHES: tuple[MatchOutcome, ...] = ("applies", "belongs_elsewhere")
NAMES = st.sampled_from(("a", "b"))


class AnyHistory(RuleBasedStateMachine):
    """A referral to which anything happens, at any time."""

    def __init__(self) -> None:
        """Nothing has happened."""
        super().__init__()
        self.state: State = INITIAL
        self.now = MONDAY
        self.unlisted: set[tuple[str, int]] = set()

    def happens(self, command: Command) -> list[str]:
        """Decide and fold; a refusal changes nothing. A second delivery must be quiet."""
        before = self.listed
        try:
            facts = decide(command, self.state)
        except Rejected:
            return []
        for fact in facts:
            self.state = evolve(self.state, fact)
        self.unlisted |= before - self.listed
        return kinds(facts)

    @property
    def listed(self) -> set[tuple[str, int]]:
        """What is wanted outside."""
        return {(effect.kind, effect.revision) for effect in wanted_effects(self.state)}

    @property
    def referral(self) -> Referral:
        """The referral, which exists from the first step on."""
        assert isinstance(self.state, Referral)
        return self.state

    @initialize(missing=ITEMS, priority=st.sampled_from(PRIORITIES), written=st.integers(-200, 5))
    def received(self, missing: tuple[Item, ...], priority: Priority, written: int) -> None:
        """An order comes in, fresh or stale, whole or not."""
        authored_at = self.now + timedelta(days=written)
        self.happens(telling.receive(self.now, missing=missing, priority=priority, authored_at=authored_at))

    @rule(items=ITEMS, n=st.integers(1, 3), based_on=st.integers(1, 3))
    def supplied(self, items: tuple[Item, ...], n: int, based_on: int) -> None:
        """Somebody answers, or thinks so."""
        self.happens(telling.supply(*items, n=n, based_on=based_on, when=self.now))

    @rule(name=NAMES, is_held=st.booleans())
    def scheduled(self, name: str, is_held: bool) -> None:
        """A visit is booked, or is off."""
        self.happens(telling.hold(name, self.now) if is_held else telling.release(name, self.now))

    @rule(name=NAMES, late_h=st.integers(0, 400))
    def seen(self, name: str, late_h: int) -> None:
        """The visit took place, and we hear of it at once or later."""
        seen_at = self.now - timedelta(hours=late_h)
        command = telling.visit(name, seen_at)
        self.happens(type(command)(**{**vars(command), "at": self.now}))

    @rule()
    def chosen(self) -> None:
        """Scheduling chooses who shall see the patient."""
        self.happens(telling.choose(self.now))

    @rule(name=NAMES, kind=st.sampled_from(KINDS), visit=st.sampled_from(("a", None)), found=st.sampled_from(WHOM))
    def reported(self, name: str, kind: ReportKind, visit: str | None, found: Whom) -> None:
        """A report comes, about the patient or about somebody else."""
        self.happens(telling.report(name, kind, self.now, visit_id=visit, whom=found))

    @rule(name=NAMES, outcome=st.sampled_from(MATCHES))
    def matched(self, name: str, outcome: MatchOutcome) -> None:
        """A person says whether it belongs here."""
        self.happens(telling.match(name, outcome, self.now))

    @rule(name=NAMES)
    def acknowledged(self, name: str) -> None:
        """It is read."""
        self.happens(telling.acknowledge(name, self.now))

    @rule()
    def cancelled(self) -> None:
        """The order is withdrawn."""
        self.happens(telling.cancel(when=self.now))

    @rule(outcome=st.sampled_from(OUTCOMES))
    def given_up(self, outcome: Outcome) -> None:
        """Somebody has had enough."""
        self.happens(telling.close(outcome, self.now))

    @rule(position=st.integers(0, 10))
    def not_called(self, position: int) -> None:
        """A call that is wanted cannot be made."""
        if wanted := wanted_effects(self.state):
            effect = wanted[position % len(wanted)]
            self.happens(telling.undone(effect.kind, effect.revision, self.now))

    @rule(hours=st.integers(0, 60 * 24))
    def time_passes(self, hours: int) -> None:
        """The clock looks when something is due, and not before."""
        until = self.now + timedelta(hours=hours)
        while (due := next_due(self.state)) and due <= until:
            self.now = max(self.now, due)
            assert self.happens(telling.tick(self.now)), "A tick at an armed instant changes something."
        self.now = until
        assert [] == self.happens(telling.tick(self.now))

    @invariant()
    def open_means_owned(self) -> None:
        """An open referral always says who must do what by when; a closed one waits for no clock."""
        if self.state is INITIAL:
            return
        assert self.referral.is_closed or tasks(self.state)
        assert not self.referral.is_closed or (self.referral.end and next_due(self.state) is None)

    @invariant()
    def what_was_unlisted_stays_so(self) -> None:
        """An effect that was given up is never wanted again."""
        assert not self.listed & self.unlisted

    @invariant()
    def what_is_kept_counts_for_nothing(self) -> None:
        """A report is either kept or applied, never both; what is kept and was not set aside is somebody's."""
        if self.state is INITIAL:
            return
        kept = {each.report.report_id: each.set_aside is None for each in self.referral.kept_reports}
        waiting = {task.about[0] for task in tasks(self.state) if task.act == "match_report"}
        assert kept.keys().isdisjoint(report.report_id for report in self.referral.reports)
        assert waiting == {id_ for id_, is_open in kept.items() if is_open}

    @invariant()
    def rests_unchanged(self) -> None:
        """The state survives the store."""
        assert self.state == CODEC.validate_python(CODEC.dump_python(self.state, mode="json"))

    @invariant()
    def somebody_can_act(self) -> None:
        """While it is open there is a button for somebody, and what a button shows can be done."""
        if self.state is not INITIAL and not self.referral.is_closed:
            assert {"close", "record_report"} <= allowed(self.state, BY, self.now)


AnyHistory.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestAnyHistory = AnyHistory.TestCase
