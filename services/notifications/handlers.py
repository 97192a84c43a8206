"""Translates the facts of intake and scheduling into commands of a conversation.

Seals are opened to learn which media can work and when the visit is; names, numbers and addresses go no further.
"""

from collections.abc import Mapping
from functools import partial

from services.notifications.domain import (
    AnnounceVisit,
    EndVisit,
    KeepContact,
    Medium,
    StopForCancellation,
    StopForClosing,
)
from services.notifications.gateways import e164, is_mailable
from shared.contracts.intake import InformationSupplied, ReferralCancelled, ReferralClosed, ReferralReceived
from shared.contracts.language import Fact
from shared.contracts.scheduling import VisitBooked, VisitCancelled, VisitFulfilled, VisitMissed
from shared.contracts.sealed import Contact, VisitDetails
from shared.errors import Unreadable
from shared.messaging.inbox import EventContext, Reaction
from shared.sealing import Keyring

PURPOSE = "plan_messages"


def on_referral_received(keyring: Keyring, fact: ReferralReceived, context: EventContext) -> KeepContact:
    """A received referral brings the contact, if it has one."""
    return _keep_contact(keyring, fact.referral_id, fact.seals.get("contact"), context)


def on_information_supplied(keyring: Keyring, fact: InformationSupplied, context: EventContext) -> KeepContact | None:
    """The contact may be among what was supplied."""
    sealed = fact.seals.get("contact")
    return _keep_contact(keyring, fact.referral_id, sealed, context) if sealed else None


def on_visit_booked(keyring: Keyring, fact: VisitBooked, context: EventContext) -> AnnounceVisit:
    """A booked visit is told to the patient, with reminders."""
    sealed = fact.seals.get("visit")
    if sealed is None:
        raise Unreadable("/seals/visit", "missing-seal")
    tenant = context.envelope.tenant
    visit = keyring.open(tenant, "visit", sealed, VisitDetails, purpose=PURPOSE, referral_id=fact.referral_id)
    return AnnounceVisit(
        at=context.at,
        by=context.by,
        channel="kafka",
        visit_id=fact.visit_id,
        replaces=fact.replaces,
        starts_at=visit.start,
        timezone=visit.timezone,
        seal=sealed,
    )


def on_visit_cancelled(fact: VisitCancelled, context: EventContext) -> EndVisit:
    """A cancelled visit is told to the patient who knows of it."""
    return EndVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id, status="cancelled")


def on_visit_missed(fact: VisitMissed, context: EventContext) -> EndVisit:
    """A patient who missed a visit is asked to call."""
    return EndVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id, status="missed")


def on_visit_fulfilled(fact: VisitFulfilled, context: EventContext) -> EndVisit:
    """A completed visit needs no reminder."""
    return EndVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id, status="fulfilled")


def on_referral_cancelled(fact: ReferralCancelled, context: EventContext) -> StopForCancellation:
    """A cancelled referral stops reminders, and is told to the patient who knows of a visit."""
    return StopForCancellation(at=context.at, by=context.by, channel="kafka", because=fact.reason.code)


def on_referral_closed(fact: ReferralClosed, context: EventContext) -> StopForClosing:
    """A closed referral stops everything except messages about a cancellation."""
    return StopForClosing(at=context.at, by=context.by, channel="kafka", outcome=fact.outcome)


def _keep_contact(keyring: Keyring, referral_id: str, sealed: str | None, context: EventContext) -> KeepContact:
    contact = None
    if sealed:
        tenant = context.envelope.tenant
        contact = keyring.open(tenant, "contact", sealed, Contact, purpose=PURPOSE, referral_id=referral_id)
    return KeepContact(
        at=context.at,
        by=context.by,
        channel="kafka",
        referral_id=referral_id,
        media=_media(contact) if contact else (),
        timezone=contact.timezone if contact else "",
        seal=sealed,
        zones=contact.timezones if contact else (),
    )


def _media(contact: Contact) -> tuple[Medium, ...]:
    """The media that can work, the preferred one first."""
    can_work: dict[Medium, bool] = {
        "sms": contact.may_text and e164(contact.phone) is not None,
        "email": is_mailable(contact.email),
    }
    return tuple(sorted((medium for medium, works in can_work.items() if works), key=lambda m: m != contact.prefers))


def reactions(keyring: Keyring) -> Mapping[type[Fact], Reaction]:
    """The reaction to each consumed fact."""
    return {
        ReferralReceived: partial(on_referral_received, keyring),
        InformationSupplied: partial(on_information_supplied, keyring),
        ReferralCancelled: on_referral_cancelled,
        ReferralClosed: on_referral_closed,
        VisitBooked: partial(on_visit_booked, keyring),
        VisitCancelled: on_visit_cancelled,
        VisitMissed: on_visit_missed,
        VisitFulfilled: on_visit_fulfilled,
    }
