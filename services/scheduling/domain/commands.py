"""The commands of a placement, from other services' facts, from people and offices, and from results of calls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.scheduling.domain.state import Candidate, Order, Slot
from shared.contracts.authorization import AuthorizedItem
from shared.contracts.language import Command, Reason
from shared.contracts.notifications import ContactOutcome
from shared.contracts.scheduling import BookedBy


@dataclass(frozen=True, kw_only=True)
class TakeOrder(Command):
    """Intake received the referral. `candidates` come best first."""

    order: Order
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class TakePathway(Command):
    """A person chose the pathway, which the order did not tell. `candidates` come best first."""

    pathway: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class HoldPlacement(Command):
    """The order is on hold: begin nothing new."""


@dataclass(frozen=True, kw_only=True)
class ResumePlacement(Command):
    """The order is active again."""


@dataclass(frozen=True, kw_only=True)
class BeginPlacement(Command):
    """Nothing is missing in the referral: a provider may be chosen."""


@dataclass(frozen=True, kw_only=True)
class EndPlacement(Command):
    """The referral is cancelled or closed."""

    reason: Reason


@dataclass(frozen=True, kw_only=True)
class RecordReport(Command):
    """A consult report came. `unbooked_visit_id` names the visit if we never booked one."""

    visit_id: str | None
    unbooked_visit_id: str


@dataclass(frozen=True, kw_only=True)
class RecordRequest(Command):
    """The payer was asked for an authorization and has not given it, or has revoked it."""


@dataclass(frozen=True, kw_only=True)
class RecordApproval(Command):
    """The payer certified items."""

    items: tuple[AuthorizedItem, ...]


@dataclass(frozen=True, kw_only=True)
class RecordClearance(Command):
    """The visit may take place without a certificate; not required with `provider_ref`, or None: with any."""

    basis: Literal["not_required", "overridden"]
    provider_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordDenial(Command):
    """The payer denied the authorization. An override still counts."""


@dataclass(frozen=True, kw_only=True)
class RecordWithdrawal(Command):
    """The authorization was withdrawn: no visit is allowed any more."""


@dataclass(frozen=True, kw_only=True)
class RecordContact(Command):
    """A person spoke with the patient."""

    outcome: ContactOutcome


@dataclass(frozen=True, kw_only=True)
class AnswerRequest(Command):
    """The specialist's office answers the request of a choice."""

    choice: int
    is_accepted: bool
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class ChooseProvider(Command):
    """A person names the provider."""

    candidate: Candidate


@dataclass(frozen=True, kw_only=True)
class BookVisit(Command):
    """A person names the time. An existing visit stays until the new one is booked."""

    slot: Slot
    booked_by: BookedBy


@dataclass(frozen=True, kw_only=True)
class VisitCommand(Command):
    """A command about one visit, by somebody who may speak for these providers. None: for all of them."""

    visit_id: str
    providers: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class CancelVisit(VisitCommand):
    """The visit shall not take place. Another is searched, unless the patient will not come."""

    reason: Reason


@dataclass(frozen=True, kw_only=True)
class RecordOutcome(VisitCommand):
    """What became of a visit."""

    outcome: Literal["fulfilled", "missed"]


@dataclass(frozen=True, kw_only=True)
class ConfirmAppointment(VisitCommand):
    """A person made sure that the office knows of the visit, or that it is cancelled."""


@dataclass(frozen=True, kw_only=True)
class OfferOpenings(Command):
    """The result of a search: free slots, best first, and the end of the searched period."""

    search: int
    openings: tuple[Slot, ...]
    searched_to: datetime


@dataclass(frozen=True, kw_only=True)
class RecordReserved(Command):
    """Every day took the reservation of this attempt. `seal` has the visit's details for the audience `visit`."""

    attempt: int
    visit_id: str
    seal: str


@dataclass(frozen=True, kw_only=True)
class RecordReservationRefused(Command):
    """A day holds an overlapping reservation of another placement, or the directory no longer names the provider."""

    attempt: int


@dataclass(frozen=True, kw_only=True)
class RecordReservationReleased(Command):
    """No day holds a reservation of this attempt any more."""

    attempt: int
