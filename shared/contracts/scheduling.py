"""The facts that scheduling publishes: which provider, which visit, and what became of it.

Starts, sites and names are in the `visit` seal; every reference here is an opaque token, because the name of
a provider or a site reveals a diagnosis.
"""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.language import Audience, Fact, Reason
from shared.contracts.vocabulary import Open

BookedBy = Literal["own", "external", "patient"]
Evidence = Literal["office", "report", "person", "encounter"]


class ProviderChosen(Fact):
    """Who shall see the patient; `scheduled_by` makes the appointment. A new choice replaces the one before."""

    TYPE: ClassVar[str] = "org.throughline.provider.chosen"

    referral_id: str
    choice: int
    provider_ref: str
    site_ref: str
    scheduled_by: Open[BookedBy]


class ProviderAccepted(Fact):
    """The specialist's office will see the patient; an in-house provider accepts at once."""

    TYPE: ClassVar[str] = "org.throughline.provider.accepted"

    referral_id: str
    choice: int
    provider_ref: str
    site_ref: str


class ProviderDeclined(Fact):
    """The specialist's office will not, or did not answer in time; another provider is chosen, or a person is asked."""

    TYPE: ClassVar[str] = "org.throughline.provider.declined"

    referral_id: str
    choice: int
    provider_ref: str
    reason: Reason


class VisitOffered(Fact):
    """Times were offered to the patient, who may take one until `expires_at`."""

    TYPE: ClassVar[str] = "org.throughline.visit.offered"

    referral_id: str
    offer_id: str
    expires_at: AwareDatetime
    seals: dict[Open[Audience], str]


class VisitBooked(Fact):
    """The visit holds all its resources. `replaces` is the visit that it moves, `case_item` what was authorized."""

    TYPE: ClassVar[str] = "org.throughline.visit.booked"

    referral_id: str
    visit_id: str
    replaces: str | None = None
    booked_by: Open[BookedBy]
    case_item: int | None = None
    provider_ref: str
    site_ref: str
    seals: dict[Open[Audience], str]


class VisitCancelled(Fact):
    """The visit will not take place and its time was given back."""

    TYPE: ClassVar[str] = "org.throughline.visit.cancelled"

    referral_id: str
    visit_id: str
    reason: Reason


class VisitMissed(Fact):
    """The patient did not come. `count` is how often so far, this time included."""

    TYPE: ClassVar[str] = "org.throughline.visit.missed"

    referral_id: str
    visit_id: str
    count: int


class VisitFulfilled(Fact):
    """The patient was seen. `evidence` says what proves it."""

    TYPE: ClassVar[str] = "org.throughline.visit.fulfilled"

    referral_id: str
    visit_id: str
    evidence: Open[Evidence]


class NoCapacityFound(Fact):
    """No time is free that fits; looked up to `searched_to`."""

    TYPE: ClassVar[str] = "org.throughline.visit.no-capacity-found"

    referral_id: str
    searched_to: AwareDatetime
    reason: Reason


FACTS: tuple[type[Fact], ...] = (
    ProviderChosen,
    ProviderAccepted,
    ProviderDeclined,
    VisitOffered,
    VisitBooked,
    VisitCancelled,
    VisitMissed,
    VisitFulfilled,
    NoCapacityFound,
)
