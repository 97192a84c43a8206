"""The facts of a placement. Those of the published language are published; the others only change the state."""

from dataclasses import dataclass
from datetime import datetime

from services.scheduling.domain.state import Act, Attempt, Candidate, Clearance, Order, Slot
from shared.contracts.language import Owner, Reason
from shared.contracts.scheduling import (
    BookedBy,
    NoCapacityFound,
    ProviderAccepted,
    ProviderChosen,
    ProviderDeclined,
    VisitBooked,
    VisitCancelled,
    VisitFulfilled,
    VisitMissed,
)


@dataclass(frozen=True)
class OrderTaken:
    """The order is known."""

    order: Order
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class PathwayTaken:
    """Which pathway it takes was not known before."""

    pathway: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class PlacementHeld:
    """The placement is on hold: nothing new is begun."""


@dataclass(frozen=True)
class PlacementResumed:
    """The placement goes on."""


@dataclass(frozen=True)
class PlacementBegun:
    """The referral was found complete."""


@dataclass(frozen=True)
class PlacementEnded:
    """The referral is cancelled or closed."""

    reason: Reason


@dataclass(frozen=True)
class ClearanceChanged:
    """The authorization changed."""

    leave: Clearance


@dataclass(frozen=True)
class OfficeAsked:
    """The office must answer by then."""

    choice: int
    answer_due_at: datetime


@dataclass(frozen=True)
class SearchBegun:
    """Openings of the provider are searched."""

    search: int
    provider_ref: str
    until: datetime


@dataclass(frozen=True)
class AttemptBegun:
    """An attempt to reserve a slot begins. No day holds a reservation whose attempt was not recorded first."""

    attempt: Attempt
    booked_by: BookedBy
    until: datetime
    rest: tuple[Slot, ...] = ()
    is_asked_for: bool = False


@dataclass(frozen=True)
class SeekingPaused:
    """No visit could be booked; it is tried again later. An attempt under way is given up."""

    provider_ref: str
    again_at: datetime


@dataclass(frozen=True)
class SeekingStopped:
    """No visit is searched for now. An attempt under way is given up."""


@dataclass(frozen=True)
class AttemptReleased:
    """An attempt that was given up holds no reservations any more."""

    attempt: int


@dataclass(frozen=True)
class OutcomeAwaited:
    """The visit is over; its office must report the outcome by then."""

    visit_id: str
    due_at: datetime


@dataclass(frozen=True)
class Escalated:
    """A person has a task; `visit_id` where it is about one visit."""

    act: Act
    owner: Owner
    due_at: datetime
    visit_id: str | None = None


@dataclass(frozen=True)
class EscalationResolved:
    """A person's task is done or no longer needed."""

    act: Act
    visit_id: str | None = None


PlacementFact = (
    OrderTaken
    | PathwayTaken
    | PlacementHeld
    | PlacementResumed
    | PlacementBegun
    | PlacementEnded
    | ClearanceChanged
    | OfficeAsked
    | SearchBegun
    | AttemptBegun
    | SeekingPaused
    | SeekingStopped
    | AttemptReleased
    | OutcomeAwaited
    | Escalated
    | EscalationResolved
    | ProviderChosen
    | ProviderAccepted
    | ProviderDeclined
    | VisitBooked
    | VisitCancelled
    | VisitMissed
    | VisitFulfilled
    | NoCapacityFound
)
