"""Placements that compete for the same days, with every call between them delayed, doubled or late.

Only the pure deciders, and chance: a worker does one step at a time and may sleep for long in between, so that it
wakes as a zombie. The rules of the real gateways hold: claim in order, release any number of times, ask after the
day was written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.scheduling import domain as d
from services.scheduling.domain import calendar_day
from services.scheduling.domain.calendar_day import CalendarDay, HeedAnswer, ReleaseReservation, ReserveInterval
from services.scheduling.store import CALENDAR_DAY, PLACEMENT
from shared.contracts.language import Command, Tick
from shared.engine import Decider
from shared.errors import Rejected
from tests.unit.scheduling.placing import CLOCK, HOUR, NOT_REQUIRED, ORDER, REASON, TUESDAY, ordered, say

Worker = Iterator[None]
RESOURCES = 2
HOURS = 12
PUNCTUAL = 0.6
MINUTE = timedelta(minutes=1)


def changed(decider: Decider, state: Any, command: Command) -> Any:
    """The state after a command; refused, it is as it was."""
    for fact in decider.decide(command, state):
        state = decider.evolve(state, fact)
    return state


@dataclass
class Town:
    """Everything there is, and who is at work."""

    random: Random
    now: datetime = TUESDAY
    placements: dict[str, d.Placement] = field(default_factory=dict)
    days: dict[str, CalendarDay] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    is_stormy: bool = True

    def __post_init__(self) -> None:
        """Some referrals of a few patients."""
        for number in range(4):
            name = f"demo-{number}"
            history = ordered(referral_id=name, patient_ref=f"pt-{number % 2}")
            self.placements[name] = d.INITIAL
            for command in [*history, NOT_REQUIRED]:
                self.say(name, command)

    def say(self, name: str, command: Command) -> None:
        """A command of anybody; a refusal changes nothing. What holds is checked after each."""
        try:
            self.placements[name] = changed(PLACEMENT, self.placements[name], command)
        except Rejected:
            return
        self.check()

    def write(self, key: str, command: Command) -> bool:
        """A command to a day: whether it took it."""
        try:
            self.days[key] = changed(CALENDAR_DAY, self.days.get(key, calendar_day.EMPTY), command)
        except Rejected:
            return False
        self.check()
        return True

    # What workers do: one step, then perhaps a long sleep.

    def searching(self, name: str) -> Worker:
        """Openings at random: the calendar refuses what is taken."""
        state = self.placements[name]
        yield
        openings = tuple(self.some_slot() for _ in range(self.random.randint(0, 3)))
        answer = say(d.OfferOpenings, self.now, search=state.searches, openings=openings, searched_to=self.now)
        self.say(name, answer)

    def claiming(self, name: str, attempt: d.Attempt) -> Worker:
        """Reservation each day in order; a refusal ends it."""
        order = self.placements[name].order or ORDER
        for key in d.days_of(order, attempt.slot):
            yield
            slot, number = attempt.slot, attempt.number
            claim = say(
                ReserveInterval,
                self.now,
                placement_id=name,
                attempt=number,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
            )
            if not self.write(key, claim):
                yield
                self.say(name, say(d.RecordReservationRefused, self.now, attempt=attempt.number))
                return
        yield
        visit_id = f"{name}-{attempt.number}"
        held = say(d.RecordReserved, self.now, attempt=attempt.number, visit_id=visit_id, seal=f"sealed-{visit_id}")
        self.say(name, held)

    def releasing(self, name: str, attempt: d.Attempt) -> Worker:
        """Release each day; then the attempt is forgotten."""
        order = self.placements[name].order or ORDER
        for key in d.days_of(order, attempt.slot):
            yield
            self.write(key, say(ReleaseReservation, self.now, placement_id=name, attempt=attempt.number))
        yield
        self.say(name, say(d.RecordReservationReleased, self.now, attempt=attempt.number))

    def asking(self, key: str) -> Worker:
        """Read what the question is about, then each placement; the answer may come much later."""
        day = self.days[key]
        yield
        claims = day.reservations_in_question()
        lives = {claim.number: d.life_of(self.placements[claim.placement_id], claim.attempt) for claim in claims}
        yield
        number = day.question.number if day.question else 0
        self.write(key, say(HeedAnswer, self.now, question=number, lives=lives))

    # Chance.

    def some_slot(self) -> d.Slot:
        """An hour of one of few practitioners, on an evening: dates change in the middle."""
        starts_at = TUESDAY + 53 * HOUR + self.random.randrange(HOURS) * HOUR / 2
        ref = str(self.random.randrange(RESOURCES))
        return d.Slot("pr-house", "st-house", f"rm-{ref}", starts_at, starts_at + HOUR, starts_at.date())

    def start_work(self) -> None:
        """Somebody begins what is owed; it may be done already, or be under way twice."""
        name = self.random.choice(sorted(self.placements))
        state = self.placements[name]
        if isinstance(state.seeking, d.Searching):
            self.workers.append(self.searching(name))
        if isinstance(state.seeking, d.Reserving):
            self.workers.append(self.claiming(name, state.seeking.attempt))
        for attempt in state.given_up[:2]:
            self.workers.append(self.releasing(name, attempt))
        for key in sorted(self.days):
            if self.days[key].question and self.random.random() < 0.5:
                self.workers.append(self.asking(key))

    def step(self) -> None:
        """Somebody does one step."""
        if self.workers:
            worker = self.random.choice(self.workers)
            if next(worker, "done") == "done":
                self.workers.remove(worker)

    def interfere(self) -> None:
        """A person, or the end of a referral."""
        name = self.random.choice(sorted(self.placements))
        visit = self.placements[name].visit
        commands: list[Callable[[], Command]] = [
            lambda: say(d.BookVisit, self.now, slot=self.some_slot(), booked_by="own"),
            lambda: say(d.CancelVisit, self.now, visit_id=visit.visit_id if visit else "", reason=REASON),
            lambda: say(d.EndPlacement, self.now, reason=REASON),
        ]
        self.say(name, self.random.choices(commands, (6, 3, 1))[0]())

    def wait(self) -> None:
        """Time passes for all; in the storm, some clocks ring late."""
        self.now += self.random.choice([MINUTE, 5 * MINUTE, 20 * MINUTE])
        for name in sorted(self.placements):
            if not self.is_stormy or self.random.random() < PUNCTUAL:
                self.say(name, say(Tick, self.now, CLOCK))
        for key in sorted(self.days):
            if not self.is_stormy or self.random.random() < PUNCTUAL:
                self.write(key, say(Tick, self.now, CLOCK))

    def run(self, steps: int) -> None:
        """A storm, then calm until everything has settled."""
        for _ in range(steps):
            act = self.random.choices([self.start_work, self.step, self.interfere, self.wait], (4, 12, 1, 1))[0]
            act()
        self.is_stormy = False
        for _ in range(12):
            self.wait()
            for _ in range(6):
                self.start_work()
            while self.workers:
                self.step()

    # What must hold.

    def check(self) -> None:
        """After every write: what is booked has all its days, and no two booked visits overlap on a resource."""
        taken: list[tuple[str, d.Slot]] = []
        for name, state in self.placements.items():
            if visit := state.visit:
                order = state.order or ORDER
                for key in d.days_of(order, visit.attempt.slot):
                    claims = self.days.get(key, calendar_day.EMPTY).claims
                    assert (name, visit.attempt.number) in [(c.placement_id, c.attempt) for c in claims]
                taken += [(resource, visit.attempt.slot) for resource in d.resources_of(order, visit.attempt.slot)]
        for index, (resource, slot) in enumerate(taken):
            for other, there in taken[:index]:
                assert resource != other or there is slot or not _overlap(slot, there)

    def left_over(self) -> list[Any]:
        """Reservations that no living attempt holds, or that nobody has settled."""
        living = {
            (name, visit.attempt.number)
            for name, state in self.placements.items()
            for visit in state.visits
            if visit.fate == "booked"
        }
        return [
            (key, claim)
            for key, day in self.days.items()
            for claim in day.claims
            if claim.ask_at or (claim.placement_id, claim.attempt) not in living
        ]


def _overlap(one: d.Slot, other: d.Slot) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
