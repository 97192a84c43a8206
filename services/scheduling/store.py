"""Stores placements and calendar days, and reads the directory. No rule of the domain is here."""

from pathlib import Path

from services.scheduling import domain
from services.scheduling.domain import Directory, Placement, calendar_day
from services.scheduling.domain.calendar_day import CalendarDay, DayFact
from services.scheduling.domain.facts import PlacementFact
from shared.contracts.language import Command
from shared.engine import Decider
from shared.ports import Stored


def _with_many_handed(stored: Stored) -> Stored:
    """People once had one thing to do at a time."""
    handed = stored.get("handed")
    return {**stored, "handed": [handed] if handed else []}


def _not_held(stored: Stored) -> Stored:
    """Once no order could be on hold."""
    return {"is_held": False, **stored}


def _without_wishes(stored: Stored) -> Stored:
    """Once the seal of what an order wishes for was not kept."""
    order = stored.get("order")
    return {**stored, "order": {"wishes": None, **order}} if order else stored


PLACEMENT: Decider[Placement, Command, PlacementFact] = Decider(
    name="placement",
    initial=domain.INITIAL,
    state_type=Placement,
    decide=domain.decide,
    evolve=domain.evolve,
    tasks=domain.tasks,
    next_due=domain.next_due,
    wanted_effects=domain.wanted_effects,
    schema=4,
    upcasters={1: _with_many_handed, 2: _not_held, 3: _without_wishes},
)

CALENDAR_DAY: Decider[CalendarDay, Command, DayFact] = Decider(
    name="calendar_day",
    is_referral=False,
    initial=calendar_day.EMPTY,
    state_type=CalendarDay,
    decide=calendar_day.decide,
    evolve=calendar_day.evolve,
    tasks=calendar_day.tasks,
    next_due=calendar_day.next_due,
    wanted_effects=calendar_day.wanted_effects,
)

PLACEMENTS, CALENDAR_DAYS = "placements", "calendar_days"


def read_directory(path: Path) -> Directory:
    """The directory of a deployment. Raises OSError, or ValueError when it does not hold together."""
    return Directory.model_validate_json(path.read_bytes())
