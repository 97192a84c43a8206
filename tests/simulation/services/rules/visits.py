"""No two visits meet, each holds all its days and nothing else does, and none is without leave."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import combinations

from services.scheduling.domain import Placement, days_of, tasks
from services.scheduling.domain.calendar_day import CalendarDay, Reservation
from services.scheduling.domain.state import Reserving, Slot
from shared.contracts.authorization import AuthorizationApproved, AuthorizationNotRequired, AuthorizationOverridden
from shared.contracts.scheduling import VisitBooked
from shared.ports import Stored
from tests.simulation.services.rules.known import DAYS, Known
from tests.support.tasks import only

CLOCKS_DIFFER = timedelta(seconds=5)
LEAVE = (AuthorizationApproved, AuthorizationNotRequired, AuthorizationOverridden)
Held = tuple[str, int]
"""A placement and one of its attempts."""


def wrong_visits(known: Known) -> list[str]:
    """What is wrong with bookings."""
    placements: Mapping[str, Placement] = known.states("scheduling")
    days: Mapping[str, CalendarDay] = {key: d.state for key, d in known.documents.get(DAYS, {}).items()}
    found = _overlaps(placements) + _claims(placements, days)
    return found + _without_leave(known) + _in_question_after_the_end(placements)


def _kept(placements: Mapping[str, Placement]) -> Iterator[tuple[str, Placement, int, Slot]]:
    for key, placement in placements.items():
        for visit in placement.visits:
            if visit.fate in ("booked", "missed", "fulfilled"):
                yield key, placement, visit.attempt.number, visit.attempt.slot


def _overlaps(placements: Mapping[str, Placement]) -> list[str]:
    found = []
    for (key, one, _, a), (other, two, _, b) in combinations(_kept(placements), 2):
        shared = {_patient(one), a.provider_ref, a.room_ref} & {_patient(two), b.provider_ref, b.room_ref}
        if key != other and shared and a.starts_at < b.ends_at and b.starts_at < a.ends_at:
            found.append(f"visits of {key} and {other} meet at {sorted(shared)}: {a} {b}")
    return found


def _patient(placement: Placement) -> str:
    return placement.order.patient_ref if placement.order else ""


def _claims(placements: Mapping[str, Placement], days: Mapping[str, CalendarDay]) -> list[str]:
    """Every kept visit has all its days, for good; and no day holds anything else."""
    wanted = {
        (day, (key, attempt)): slot
        for key, placement, attempt, slot in _kept(placements)
        if placement.order
        for day in days_of(placement.order, slot)
    }
    there = {(day, (claim.placement_id, claim.attempt)): claim for day, state in days.items() for claim in state.claims}
    found = [f"the visit of {held} has not its day {day}" for day, held in wanted if (day, held) not in there]
    found += [f"{day} is claimed by {held}, which is not booked" for day, held in there if (day, held) not in wanted]
    found += [f"{day} still asks about {held}" for (day, held), claim in there.items() if _is_unsettled(claim)]
    return found + [f"{key} is still claiming" for key, p in placements.items() if isinstance(p.seeking, Reserving)]


def _is_unsettled(claim: Reservation) -> bool:
    return claim.ask_at is not None


def _without_leave(known: Known) -> list[str]:
    """A visit of ours was booked after leave was given, as far as clocks can tell."""
    found = []
    for key in known.states("scheduling"):
        given = [fact.occurred_at for kind in LEAVE for fact in known.facts("authorization", key, kind)]
        found += [
            f"{key} was booked at {booked.occurred_at} without leave: {given}"
            for booked in known.facts("scheduling", key, VisitBooked)
            if booked.booked_by == "own" and not _is_given(given, booked.occurred_at)
        ]
    return found


def _is_given(given: list[datetime], at: datetime) -> bool:
    return any(instant <= at + CLOCKS_DIFFER for instant in given)


def _in_question_after_the_end(placements: Mapping[str, Placement]) -> list[str]:
    """A visit that had begun when its referral ended has an outcome, or a person is asked for it."""
    found = []
    for key, placement in placements.items():
        step = only(tasks(placement))
        if placement.ended and not placement.is_settled and (step is None or step.owner != "coordinator"):
            found.append(f"{key} has ended, and nobody is asked what became of {placement.visit}: {step}")
    return found


def kept_ahead(placement: Stored, now: datetime) -> list[str]:
    """What is over holds no visit that lies ahead, from the very save on that ends it."""
    state = placement["state"]
    if not (state["ended"] or state["fulfilled"]):
        return []
    booked = [visit["attempt"]["slot"]["starts_at"] for visit in state["visits"] if visit["fate"] == "booked"]
    ahead = [start for start in booked if datetime.fromisoformat(start) > now + CLOCKS_DIFFER]
    return [f"is over and holds a visit at {start}" for start in ahead]
