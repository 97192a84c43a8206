"""The state of one placement. Values only; the rules are in other modules.

Instants are absolute. The start of a visit is kept here for calendar and clock; what a person would read about it
(site, practitioner) is only in its `visit` seal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.contracts.authorization import AuthorizedItem
from shared.contracts.language import Owner, Priority, Reason
from shared.contracts.scheduling import BookedBy

Answer = Literal["asked", "accepted", "declined", "withdrawn"]
VisitStatus = Literal["booked", "cancelled", "moved", "missed", "fulfilled"]
Act = Literal[
    "choose_provider",
    "call_office",
    "find_capacity",
    "reschedule_visit",
    "resolve_declined_visit",
    "confirm_appointment",
    "call_off_appointment",
    "obtain_outcome",
    "decide_on_missed",
]


@dataclass(frozen=True, slots=True)
class Order:
    """The order as intake received it. `wishes` is the seal with the wishes about the provider."""

    referral_id: str
    patient_ref: str
    priority: Priority
    pathway: str
    needed_by: datetime
    order_expires_at: datetime
    not_before: datetime | None = None
    wishes: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider who serves the pathway. A provider of our own accepts at once, any other is asked."""

    provider_ref: str
    site_ref: str
    is_in_house: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen provider. `answer_due_at` is set for an office that was asked."""

    number: int
    provider_ref: str
    site_ref: str
    answer: Answer = "asked"
    answer_due_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether this is the provider who shall see the patient, as far as is known."""
        return self.answer in ("asked", "accepted")


@dataclass(frozen=True, slots=True)
class Slot:
    """An interval at a provider. `on` is its date in the site's zone: authorizations use local dates."""

    provider_ref: str
    site_ref: str
    room_ref: str
    starts_at: datetime
    ends_at: datetime
    on: date


@dataclass(frozen=True, slots=True)
class Attempt:
    """A numbered attempt to reserve a slot. The number is never used again."""

    number: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class Visit:
    """A booked attempt. `outcome_due_at` is set once the visit is over and its outcome is waited for."""

    visit_id: str
    attempt: Attempt
    fate: VisitStatus = "booked"
    outcome_due_at: datetime | None = None

    @property
    def is_kept(self) -> bool:
        """Whether its time stays reserved: it is in the future, or took place."""
        return self.fate in ("booked", "missed", "fulfilled")


@dataclass(frozen=True, slots=True)
class Clearance:
    """Why a visit may take place: none is needed (with any provider, or with `exempt`), an override, a certificate."""

    is_not_required: bool = False
    is_overridden: bool = False
    exempt: str | None = None
    items: tuple[AuthorizedItem, ...] = ()

    def is_unbounded(self, provider_ref: str) -> bool:
        """Whether any date will do at this provider's."""
        return self.is_not_required or self.is_overridden or self.exempt == provider_ref

    def items_for(self, provider_ref: str) -> tuple[AuthorizedItem, ...]:
        """The items that were certified for this provider."""
        return tuple(item for item in self.items if item.provider_ref == provider_ref)

    def permits(self, provider_ref: str) -> bool:
        """Whether some visit at this provider's is allowed."""
        return self.is_unbounded(provider_ref) or bool(self.items_for(provider_ref))

    def item_covering(self, slot: Slot) -> AuthorizedItem | None:
        """The certified item whose window contains the slot."""
        fitting = (i for i in self.items_for(slot.provider_ref) if i.window.start <= slot.on <= i.window.end)
        return next(fitting, None)

    def covers(self, slot: Slot) -> bool:
        """Whether a visit in this slot is allowed."""
        return self.is_unbounded(slot.provider_ref) or self.item_covering(slot) is not None


@dataclass(frozen=True, slots=True)
class Searching:
    """Openings are being searched."""

    search: int
    provider_ref: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Reserving:
    """A slot is being reserved, day by day; `rest` is tried next. `is_asked_for`: a person named this very slot."""

    attempt: Attempt
    booked_by: BookedBy
    until: datetime
    rest: tuple[Slot, ...] = ()
    is_asked_for: bool = False

    @property
    def provider_ref(self) -> str:
        """The provider of the slot."""
        return self.attempt.slot.provider_ref


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing was found, or the calendar failed: the search is repeated at `again_at`."""

    provider_ref: str
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """A person's task, because the program can do no more; `visit_id` where it is about one visit."""

    act: Act
    owner: Owner
    due_at: datetime
    visit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """The whole. `given_up` attempts are dead for good; each is kept until its reservations are known to be released.

    `is_held`: the order is on hold, nothing new is begun, and what stands is kept.
    """

    order: Order | None = None
    is_complete: bool = False
    is_held: bool = False
    ended: Reason | None = None
    leave: Clearance = Clearance()
    candidates: tuple[Candidate, ...] = ()
    choices: tuple[Choice, ...] = ()
    seeking: Searching | Reserving | Paused | None = None
    searches: int = 0
    searches_in_vain: int = 0
    attempts: int = 0
    given_up: tuple[Attempt, ...] = ()
    visits: tuple[Visit, ...] = ()
    fulfilled: str | None = None
    handed: tuple[Escalation, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether no visit is wanted any more: the patient was seen, or the referral has ended."""
        return self.ended is not None or self.fulfilled is not None

    @property
    def is_settled(self) -> bool:
        """Whether it is over, with nothing left to find out: a visit that had begun when it ended has an outcome."""
        return self.fulfilled is not None or (self.ended is not None and self.visit is None)

    def is_handed(self, act: Act, visit_id: str | None = None) -> bool:
        """Whether a person has this task."""
        return any((handed.act, handed.visit_id) == (act, visit_id) for handed in self.handed)

    @property
    def choice(self) -> Choice | None:
        """The provider who shall see the patient."""
        return next((choice for choice in reversed(self.choices) if choice.is_active), None)

    @property
    def visit(self) -> Visit | None:
        """The visit that lies ahead or waits for its outcome."""
        return next((visit for visit in reversed(self.visits) if visit.fate == "booked"), None)

    def attempt(self, number: int) -> Attempt | None:
        """The attempt of that number: under way, booked at some time, or owed its release."""
        trying = [self.seeking.attempt] if isinstance(self.seeking, Reserving) else []
        known = [*trying, *(visit.attempt for visit in self.visits), *self.given_up]
        return next((attempt for attempt in known if attempt.number == number), None)

    @property
    def is_declined(self) -> bool:
        """Whether the patient does not want to come and has no visit: none is searched until a person has helped."""
        return self.visit is None and self.is_handed("resolve_declined_visit")

    @property
    def missed(self) -> int:
        """How often the patient missed a visit."""
        return sum(visit.fate == "missed" for visit in self.visits)


INITIAL = Placement()
