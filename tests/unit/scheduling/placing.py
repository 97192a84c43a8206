"""Commands, slots and states for tests of scheduling: one referral, two providers, one Tuesday."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from services.scheduling import domain as d
from services.scheduling.store import PLACEMENT
from shared.contracts.authorization import AuthorizedItem, Window
from shared.contracts.language import Actor, Command, EffectNeedsPerson, Reason, Tick
from tests.support.given import given

TUESDAY = datetime(2026, 2, 3, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REFERRAL = "demo-k5h2aaaaaaaaaaaaaaaaaaaaaa"
SOMEBODY = Actor(kind="person", id="casey.coordinator")
OFFICE = Actor(kind="specialist", id="office")
CLOCK = Actor(kind="clock", id="clock")
REASON = Reason(system="throughline", code="invented")
HOUSE = d.Candidate("pr-house", "st-house", is_in_house=True)
AWAY = d.Candidate("pr-away", "st-away", is_in_house=False)
FAR = d.Candidate("pr-far", "st-far", is_in_house=False)
ORDER = d.Order(
    referral_id=REFERRAL,
    patient_ref="pt-1",
    priority="routine",
    pathway="pw-1",
    needed_by=TUESDAY + 40 * DAY,
    order_expires_at=TUESDAY + 180 * DAY,
)
C = TypeVar("C", bound=Command)
F = TypeVar("F")


def say(command: type[C], at: datetime = TUESDAY, by: Actor = SOMEBODY, **fields: Any) -> C:
    """A command of somebody on Tuesday."""
    return command(at=at, by=by, channel="api", **fields)


def slot(day: int = 7, provider_ref: str = "pr-house", hour: int = 0) -> d.Slot:
    """Half an hour, so many days after Tuesday 15:00 UTC."""
    starts_at = TUESDAY + day * DAY + hour * HOUR
    return d.Slot(provider_ref, "st-x", f"rm-{provider_ref}", starts_at, starts_at + HOUR / 2, starts_at.date())


def item(provider_ref: str = "pr-house", first: int = 0, last: int = 30, number: int = 1) -> AuthorizedItem:
    """Certified for a provider, from and to so many days after Tuesday."""
    start: date = TUESDAY.date()
    window = Window(start=start + first * DAY, end=start + last * DAY)
    site_ref = f"st-{provider_ref[3:]}"
    return AuthorizedItem(
        item=number, service_ref="pw-1", window=window, units=1, provider_ref=provider_ref, site_ref=site_ref
    )


def ordered(*candidates: d.Candidate, **fields: Any) -> list[Command]:
    """The referral came in and is complete."""
    order = replace(ORDER, **fields)
    return [say(d.TakeOrder, order=order, candidates=candidates or (HOUSE,)), say(d.BeginPlacement)]


NOT_REQUIRED = say(d.RecordClearance, basis="not_required")
OVERRIDDEN = say(d.RecordClearance, basis="overridden")
APPROVED = say(d.RecordApproval, items=(item(),))
REQUESTED = say(d.RecordRequest)
DENIED = say(d.RecordDenial)
WITHDRAWN = say(d.RecordWithdrawal)
ENDED = say(d.EndPlacement, reason=REASON)


def offered(*openings: d.Slot, search: int = 1, at: datetime = TUESDAY) -> d.OfferOpenings:
    """A search answered."""
    return say(d.OfferOpenings, at, search=search, openings=openings, searched_to=TUESDAY + 60 * DAY)


def held(attempt: int = 1, at: datetime = TUESDAY) -> d.RecordReserved:
    """All days took the claim."""
    return say(d.RecordReserved, at, attempt=attempt, visit_id=f"visit-{attempt}", seal=f"sealed-{attempt}")


def refused(attempt: int = 1) -> d.RecordReservationRefused:
    """A day refused the claim."""
    return say(d.RecordReservationRefused, attempt=attempt)


def book(day: int = 8, provider_ref: str = "pr-house", booked_by: str = "own", at: datetime = TUESDAY) -> d.BookVisit:
    """Somebody names a time."""
    return say(d.BookVisit, at, slot=slot(day, provider_ref), booked_by=booked_by)


def answer(choice: int = 1, accepted: bool = True, **fields: Any) -> d.AnswerRequest:
    """The office answers."""
    return say(d.AnswerRequest, by=OFFICE, choice=choice, is_accepted=accepted, **fields)


def outcome(what: str, visit: int = 1, at: datetime = TUESDAY + 8 * DAY, by: Actor = OFFICE) -> d.RecordOutcome:
    """What became of a visit."""
    return say(d.RecordOutcome, at, by, visit_id=f"visit-{visit}", outcome=what)


def report(at: datetime = TUESDAY + 8 * DAY, visit_id: str | None = None) -> d.RecordReport:
    """A consult report came."""
    return say(d.RecordReport, at, visit_id=visit_id, unbooked_visit_id="visit-unbooked")


def tick(at: datetime) -> Tick:
    """The clock."""
    return say(Tick, at, CLOCK)


def stuck(kind: str, revision: int = 1, at: datetime = TUESDAY) -> EffectNeedsPerson:
    """A call was tried as often as makes sense."""
    return say(EffectNeedsPerson, at, kind=kind, effect_revision=revision, in_doubt=True)


def the(kind: type[F], facts: Iterable[Any]) -> F:
    """The one fact of this kind."""
    [found] = [fact for fact in facts if isinstance(fact, kind)]
    return found


def placed(*history: Any) -> d.Placement:
    """The placement after a history."""
    state: d.Placement = given(PLACEMENT, *history)
    return state


SEARCHING = [*ordered(), NOT_REQUIRED]
CLAIMING = [*SEARCHING, offered(slot(7), slot(8))]
BOOKED = [*CLAIMING, held()]
ASKED = ordered(AWAY, FAR)
