"""What happens to a placement. Those of the published language are told; the rest is only folded."""

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
    """What the referral asks for is known."""

    order: Order
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class PathwayTaken:
    """Which pathway it takes was not known before."""

    pathway: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class PlacementHeld:
    """Nothing new is begun."""


@dataclass(frozen=True)
class PlacementResumed:
    """It goes on."""


@dataclass(frozen=True)
class PlacementBegun:
    """The referral was found complete."""


@dataclass(frozen=True)
class PlacementEnded:
    """The referral is not wanted any more, or done with."""

    reason: Reason


@dataclass(frozen=True)
class ClearanceChanged:
    """What the authorization allows is now this."""

    leave: Clearance


@dataclass(frozen=True)
class OfficeAsked:
    """The office has until then to answer."""

    choice: int
    answer_due_at: datetime


@dataclass(frozen=True)
class SearchBegun:
    """Openings of the provider are looked for."""

    search: int
    provider_ref: str
    until: datetime


@dataclass(frozen=True)
class AttemptBegun:
    """The intent to reserve a slot; no day holds a reservation that was not intended before."""

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
    """No visit is sought for now. An attempt under way is given up."""


@dataclass(frozen=True)
class AttemptReleased:
    """An attempt that was given up holds no reservations any more."""

    attempt: int


@dataclass(frozen=True)
class OutcomeAwaited:
    """The visit is over; the office has until then to say what became of it."""

    visit_id: str
    due_at: datetime


@dataclass(frozen=True)
class Escalated:
    """A person has something to do; `visit_id` where it is about one visit."""

    act: Act
    owner: Owner
    due_at: datetime
    visit_id: str | None = None


@dataclass(frozen=True)
class EscalationResolved:
    """What a person had to do is done, or there is no need for it any more."""

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
