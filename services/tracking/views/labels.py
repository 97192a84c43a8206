"""The words and phrases in which people read what programs say. Nothing about a patient can be in them."""

from datetime import UTC, datetime, timedelta

from services.tracking.domain import NoteCode, Status
from shared.contracts.catalogue import FACTS, wire_type
from shared.contracts.language import Fact, Priority

OWNERS: dict[str, str] = {
    "coordinator": "Coordinator",
    "nurse": "Nurse",
    "clinician": "Clinician",
    "specialist": "Specialist",
    "payer": "Payer",
    "patient": "Patient",
    "operator": "Operator",
    "system": "System",
    "other": "Other",
}
"""Owners whom this page knows; `owner_of` says any."""
QUEUES = (
    "intake",
    "coordination",
    "coverage",
    "authorization",
    "denials",
    "specialists",
    "scheduling",
    "outreach",
    "reports",
    "operations",
)
"""Few queues, so that none is forgotten."""

PRIORITIES: dict[Priority | None, str] = {
    "stat": "STAT",
    "asap": "ASAP",
    "urgent": "Urgent",
    "routine": "Routine",
    None: "Unknown",
}
STATUSES: dict[Status, str] = {
    "unheard": "Not received yet",
    "received": "Received",
    "awaiting_information": "Awaiting information",
    "in_progress": "In progress",
    "awaiting_report": "Awaiting report",
    "awaiting_acknowledgement": "Awaiting acknowledgement",
    "winding_down": "Winding down",
    "closed": "Closed",
}
NOTES: dict[NoteCode, str] = {
    "called_patient": "Called the patient",
    "called_office": "Called the specialist's office",
    "called_payer": "Called the payer",
    "left_message": "Left a message",
    "waiting_for_call_back": "Waiting for a call back",
    "sent_records": "Sent records",
    "asked_colleague": "Asked a colleague",
}
_SENTENCES = {
    "InformationRequested": "Asked for missing information",
    "InformationSupplied": "Missing information came in",
    "PathwayChosen": "Pathway chosen by a person",
    "OrderChanged": "Order came again and says something else",
    "OrderReviewed": "Change of the order looked at",
    "ReferralHeld": "Order put on hold",
    "ReferralResumed": "Order active again",
    "ReferralFoundComplete": "Found complete",
    "ConsultReportReceived": "Consult report came in",
    "ReportAcknowledged": "Referring clinician acknowledged the report",
    "CoverageVerified": "Payer confirmed the coverage",
    "CoverageNotVerified": "Coverage could not be confirmed",
    "AuthorizationNotRequired": "No prior authorization needed",
    "AuthorizationSubmitted": "Prior authorization requested",
    "AuthorizationPended": "Payer will decide later",
    "AuthorizationApproved": "Payer approved",
    "AuthorizationDenied": "Payer denied",
    "AuthorizationNeedsPerson": "Authorization needs a person",
    "AuthorizationOverridden": "Visit may go ahead without the payer's decision",
    "AuthorizationWithdrawn": "Prior authorization withdrawn",
    "ProviderAccepted": "Specialist's office accepted",
    "ProviderDeclined": "Specialist's office declined",
    "VisitOffered": "Times offered to the patient",
    "VisitFulfilled": "Patient was seen",
    "VisitMissed": "Patient did not come",
    "NoCapacityFound": "No free time found",
    "MessageSent": "Message sent to the patient",
    "MessageDelivered": "Message arrived",
    "MessageFailed": "Message did not arrive",
    "MessageUnknown": "Nobody knows whether the message went out",
    "ContactRecorded": "Call to the patient recorded",
    "PatientUnreachable": "Patient could not be reached",
    "ReferralParked": "Something could not be taken in",
    "ReferralUnparked": "Everything is taken in again",
}
"""Facts whose name does not read well as it is."""


_SHORTHANDS = {"sms": "SMS", "email": "E-mail"}


def plain(code: str) -> str:
    """A code as words: `await_payer_decision`, `payer-silent` and the like."""
    return _SHORTHANDS.get(code) or code.replace("_", " ").replace("-", " ").strip().capitalize()


def owner_of(owner: str) -> str:
    """Who it is that has something to do; also who is not on our list."""
    return OWNERS.get(owner) or plain(owner)


def sentence(type_: str) -> str:
    """What a fact of this wire type says."""
    return _BY_TYPE.get(type_) or plain(type_.rpartition(".v")[0].rpartition(".")[2])


def _words_of(fact: type[Fact]) -> str:
    name = fact.__name__
    return _SENTENCES.get(name) or "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


_BY_TYPE = {wire_type(fact): _words_of(fact).strip().capitalize() for fact in FACTS.values()}


_COARSE_FROM = 3
"""From three of a unit on, the next smaller one tells nothing."""
_SHORT = 8


def due(due_at: datetime, now: datetime) -> str:
    """How long it still is, or has been."""
    return f"{span(now - due_at)} overdue" if due_at < now else f"in {span(due_at - now)}"


def ago(at: datetime, now: datetime) -> str:
    """How long it has been."""
    return f"{span(now - at)} ago" if at <= now else f"in {span(at - now)}"


def span(length: timedelta) -> str:
    """A length of time, in as many units as still tell something."""
    minutes = round(length.total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        unit = "day" if days == 1 else "days"
        return f"{days} {unit} {hours} h" if days < _COARSE_FROM and hours else f"{days} {unit}"
    if hours:
        return f"{hours} h {rest} min" if hours < _COARSE_FROM and rest else f"{hours} h"
    return f"{rest} min" if rest else "less than a minute"


def seconds(n: float) -> timedelta:
    """A length of time from its seconds."""
    return timedelta(seconds=n)


def day(at: datetime) -> str:
    """A day, in UTC until the reader's own clock says better."""
    return f"{at.astimezone(UTC):%A, %-d %B %Y}"


def clock(at: datetime) -> str:
    """A time of day, in UTC until the reader's own clock says better."""
    return f"{at.astimezone(UTC):%H:%M}"


def moment(at: datetime) -> str:
    """An instant, in UTC until the reader's own clock says better."""
    return f"{at.astimezone(UTC):%a %-d %b %Y, %H:%M} UTC"


def short(identifier: str) -> str:
    """Enough of an opaque id for people to tell it from others."""
    return identifier.rpartition("-")[2][:_SHORT]
