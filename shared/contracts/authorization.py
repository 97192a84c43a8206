"""The facts that authorization publishes: what the payer covers, needs, was asked, and decided."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.language import Actor, Fact, Reason, Word
from shared.contracts.vocabulary import Open

Urgency = Literal["standard", "expedited"]
Line = Literal["medicare_advantage", "medicare", "medicaid", "commercial", "self_pay", "unknown"]
Basis = Literal["payer", "rule", "self_pay"]


class Window(Word):
    """Dates between which the authorized service may take place, both included."""

    start: date
    end: date


class AuthorizedItem(Word):
    """What the payer certified: X12 278 HCR and the service it belongs to. All references are opaque."""

    item: int
    service_ref: str
    window: Window
    units: int
    provider_ref: str
    site_ref: str


class CoverageVerified(Fact):
    """The payer confirmed that the policy is in force (X12 271 EB01 1-5). `rank` 1 pays first."""

    TYPE: ClassVar[str] = "org.throughline.coverage.verified"

    referral_id: str
    case_id: str
    check_id: str
    rank: int
    payer: str
    line: Open[Line]
    valid_on: date


class CoverageNotVerified(Fact):
    """The payer could not confirm an active policy, or there is none to ask for."""

    TYPE: ClassVar[str] = "org.throughline.coverage.not-verified"

    referral_id: str
    case_id: str
    check_id: str
    rank: int
    payer: str
    line: Open[Line]
    valid_on: date
    reason: Reason


class AuthorizationNotRequired(Fact):
    """The visit needs no prior authorization. `basis` says who or what says so.

    It is about visits to `provider_ref`; without one, it holds whoever the provider is.
    """

    TYPE: ClassVar[str] = "org.throughline.authorization.not-required"

    referral_id: str
    case_id: str
    basis: Open[Basis]
    rule_version: int
    payer: str
    provider_ref: str | None = None


class AuthorizationSubmitted(Fact):
    """The payer has the request. `decision_due_at` is its clock (CMS-0057-F: 72 h expedited, 7 days standard)."""

    TYPE: ClassVar[str] = "org.throughline.authorization.submitted"

    referral_id: str
    case_id: str
    request_id: str
    payer: str
    received_by_payer_at: AwareDatetime
    decision_due_at: AwareDatetime
    urgency: Urgency


class AuthorizationPended(Fact):
    """The payer will decide later (X12 306 A4). `asked_for` are codes of what it still wants."""

    TYPE: ClassVar[str] = "org.throughline.authorization.pended"

    referral_id: str
    case_id: str
    request_id: str
    payer: str
    decision_due_at: AwareDatetime
    asked_for: tuple[str, ...] = ()


class AuthorizationApproved(Fact):
    """The payer certified the visit (X12 306 A1, or a person confirmed A2/A6). Visits must fit one of `items`."""

    TYPE: ClassVar[str] = "org.throughline.authorization.approved"

    referral_id: str
    case_id: str
    request_id: str
    payer: str
    items: tuple[AuthorizedItem, ...]


class AuthorizationDenied(Fact):
    """The payer refused (X12 306 A3). Not an end: peer-to-peer and appeal are open until the dates given."""

    TYPE: ClassVar[str] = "org.throughline.authorization.denied"

    referral_id: str
    case_id: str
    request_id: str
    payer: str
    reason: Reason
    peer_to_peer_until: AwareDatetime
    appeal_until: AwareDatetime


class AuthorizationNeedsPerson(Fact):
    """A program can go no further: an answer nobody has seen, a partial grant, or doubt whether a request arrived."""

    TYPE: ClassVar[str] = "org.throughline.authorization.needs-person"

    referral_id: str
    case_id: str
    payer: str
    reason: Reason


class AuthorizationOverridden(Fact):
    """A named person (or the STAT rule) let the visit go ahead without the payer's decision."""

    TYPE: ClassVar[str] = "org.throughline.authorization.overridden"

    referral_id: str
    case_id: str
    by: Actor
    reason: Reason


class AuthorizationWithdrawn(Fact):
    """The authorization is not wanted any more and was unused; the payer was told if it had been asked."""

    TYPE: ClassVar[str] = "org.throughline.authorization.withdrawn"

    referral_id: str
    case_id: str
    request_id: str | None = None
    reason: Reason


FACTS: tuple[type[Fact], ...] = (
    CoverageVerified,
    CoverageNotVerified,
    AuthorizationNotRequired,
    AuthorizationSubmitted,
    AuthorizationPended,
    AuthorizationApproved,
    AuthorizationDenied,
    AuthorizationNeedsPerson,
    AuthorizationOverridden,
    AuthorizationWithdrawn,
)
