"""One day of one resource: who reserves which part of it. Its own aggregate; it publishes nothing.

A reservation is added by the placement that intends it and refuses an overlap with any other placement's. It never
lapses: once it reaches its `ask_at`, the day asks the placements of all that are not settled whether their attempts
live. Only an attempt that is dead for good loses its reservation; one that is booked keeps it, and is not asked again.

Every reservation has a number that is never used again, and answers are about numbers. So an old answer, `booked`,
cannot settle what a zombie reserved again for the same attempt after it was given up and released: that is another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.scheduling.domain.calendar import Life, overlaps
from shared.contracts.language import Command, Effect, EffectNeedsPerson, Task, Tick
from shared.errors import Conflict, Rejected

ASKED_AFTER = timedelta(minutes=20)
"""A little longer than an attempt may take: most attempts have ended when the day asks about them."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """An interval that an attempt of a placement has reserved. Without `ask_at` it is permanent."""

    number: int
    placement_id: str
    attempt: int
    starts_at: datetime
    ends_at: datetime
    ask_at: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """The question under way, and the numbers of the reservations that it is about."""

    number: int
    claims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """The day. `claimed` and `asked` count reservations and questions that there ever were."""

    claims: tuple[Reservation, ...] = ()
    claimed: int = 0
    question: Question | None = None
    asked: int = 0

    def reservations_in_question(self) -> list[Reservation]:
        """The reservations that the open question is about, as far as they still exist."""
        numbers = self.question.claims if self.question else ()
        return [reservation for reservation in self.claims if reservation.number in numbers]


EMPTY = CalendarDay()


@dataclass(frozen=True, kw_only=True)
class ReserveInterval(Command):
    """A placement reserves this interval."""

    placement_id: str
    attempt: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReleaseReservation(Command):
    """A placement gives the attempt up."""

    placement_id: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class HeedAnswer(Command):
    """The placements' answers about the reservations in question, by reservation number."""

    question: int
    lives: Mapping[int, Life]


@dataclass(frozen=True)
class Reserved:
    """A part of the day is reserved."""

    reservation: Reservation


@dataclass(frozen=True)
class Released:
    """A reservation is gone."""

    number: int


@dataclass(frozen=True)
class Asked:
    """The placements are asked about these reservations."""

    question: Question


@dataclass(frozen=True)
class Answered:
    """The open question is closed. `ask_at` says when a reservation is asked about again; None makes it permanent."""

    ask_again: Mapping[int, datetime | None]


DayFact = Reserved | Released | Asked | Answered


def decide(command: Command, day: CalendarDay) -> list[DayFact]:
    """Return the facts that follow: none if it is so already, Conflict if another placement has the time."""
    match command:
        case ReserveInterval():
            return _reserve(command, day)
        case ReleaseReservation():
            return [Released(reservation.number) for reservation in day.claims if _is_of(command, reservation)]
        case Tick():
            return _ask(command, day)
        case HeedAnswer():
            return _heed(command, day)
        case EffectNeedsPerson():
            return _give_up_asking(command, day)
    raise Rejected("unknown-command", "A calendar day does not know this command.")


def _reserve(command: ReserveInterval, day: CalendarDay) -> list[DayFact]:
    if any(_is_of(command, reservation) for reservation in day.claims):
        return []
    others = [(c.starts_at, c.ends_at) for c in day.claims if c.placement_id != command.placement_id]
    if overlaps(command.starts_at, command.ends_at, others):
        raise Conflict("time-taken", "This time is taken.")
    reservation = Reservation(
        number=day.claimed + 1,
        placement_id=command.placement_id,
        attempt=command.attempt,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        ask_at=command.at + ASKED_AFTER,
    )
    return [Reserved(reservation)]


def _is_of(command: ReserveInterval | ReleaseReservation, reservation: Reservation) -> bool:
    return (reservation.placement_id, reservation.attempt) == (command.placement_id, command.attempt)


def _ask(command: Tick, day: CalendarDay) -> list[DayFact]:
    """Once a reservation is due, one question about all that are not settled. While it is under way, no other.

    The younger ones are booked by then, mostly; each on its own would cost a question more.
    """
    due = next_due(day)
    if due is None or due > command.at:
        return []
    return [
        Asked(Question(day.asked + 1, tuple(reservation.number for reservation in day.claims if reservation.ask_at)))
    ]


def _heed(command: HeedAnswer, day: CalendarDay) -> list[DayFact]:
    if day.question is None or day.question.number != command.question:
        return []
    asked = [reservation.number for reservation in day.reservations_in_question()]
    dead = [number for number in asked if command.lives.get(number) == "dead"]
    booked = [number for number in asked if command.lives.get(number) == "booked"]
    again = [number for number in asked if number not in dead and number not in booked]
    times = {**dict.fromkeys(booked), **dict.fromkeys(again, command.at + ASKED_AFTER)}
    return [*(Released(number) for number in dead), Answered(times)]


def _give_up_asking(command: EffectNeedsPerson, day: CalendarDay) -> list[DayFact]:
    """Ask again, as a new question. A missing answer is no reason to remove a reservation."""
    if day.question is None or day.question.number != command.effect_revision:
        return []
    return [Answered(dict.fromkeys(day.question.claims, command.at + ASKED_AFTER))]


def evolve(day: CalendarDay, fact: DayFact) -> CalendarDay:
    """Apply a fact to the day."""
    match fact:
        case Reserved(reservation=reservation):
            return replace(day, claims=(*day.claims, reservation), claimed=reservation.number)
        case Released(number=number):
            return replace(day, claims=tuple(reservation for reservation in day.claims if reservation.number != number))
        case Asked(question=question):
            return replace(day, question=question, asked=question.number)
        case Answered(ask_again=times):
            reservations = tuple(replace(c, ask_at=times[c.number]) if c.number in times else c for c in day.claims)
            return replace(day, claims=reservations, question=None)


def next_due(day: CalendarDay) -> datetime | None:
    """When the day must ask about reservations next. While a question is open, its call has its own time."""
    if day.question:
        return None
    return min((reservation.ask_at for reservation in day.claims if reservation.ask_at), default=None)


def tasks(_day: CalendarDay) -> tuple[Task, ...]:
    """A day has no tasks: its placements have them."""
    return ()


def wanted_effects(day: CalendarDay) -> Sequence[Effect]:
    """The open question."""
    return [Effect(kind="ask", revision=day.question.number, target="placements")] if day.question else []


def busy(days: Sequence[CalendarDay]) -> list[tuple[datetime, datetime]]:
    """The intervals that are reserved on any of the days."""
    return [(reservation.starts_at, reservation.ends_at) for day in days for reservation in day.claims]
