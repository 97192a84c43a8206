"""The commands of a case, from other services' facts, from payers, and from people."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.authorization.domain.payers import PolicyOnFile
from services.authorization.domain.state import Ending, Provider
from shared.contracts.authorization import AuthorizedItem, Window
from shared.contracts.intake import Outcome
from shared.contracts.language import Command, Priority, Reason


@dataclass(frozen=True)
class CoverageOnFile:
    """The policies, sealed, and what may be known of them outside the seal."""

    seal: str
    policies: tuple[PolicyOnFile, ...]


@dataclass(frozen=True, kw_only=True)
class OpenCase(Command):
    """A referral was received."""

    referral_id: str
    priority: Priority
    pathway: str
    coverage: CoverageOnFile | None
    clinical: str | None


@dataclass(frozen=True, kw_only=True)
class TakeInformation(Command):
    """Something that was missing came, sealed anew."""

    referral_id: str
    coverage: CoverageOnFile | None
    clinical: str | None


@dataclass(frozen=True, kw_only=True)
class TakePathway(Command):
    """A person chose the pathway, which the order did not tell."""

    pathway: str


@dataclass(frozen=True, kw_only=True)
class HoldCase(Command):
    """The order is on hold: submit and check nothing new."""


@dataclass(frozen=True, kw_only=True)
class ResumeCase(Command):
    """The order is active again."""


@dataclass(frozen=True, kw_only=True)
class StartCase(Command):
    """Nothing is missing any more: check the coverage."""

    referral_id: str


@dataclass(frozen=True, kw_only=True)
class EndCase(Command):
    """The referral was cancelled, or closed with an outcome."""

    referral_id: str
    ending: Ending
    outcome: Outcome | None
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class AdoptProvider(Command):
    """Scheduling chose who shall see the patient."""

    referral_id: str
    provider: Provider


@dataclass(frozen=True, kw_only=True)
class UseAuthorization(Command):
    """The patient was seen."""

    referral_id: str


@dataclass(frozen=True, kw_only=True)
class RecordEligibility(Command):
    """A payer answered a check, in the words of X12 271: EB01 (active or not), EB11 (authorization required)."""

    check_id: str
    eb01: str
    auth_required: str
    valid_on: date


@dataclass(frozen=True, kw_only=True)
class RecordPayerAnswer(Command):
    """A payer answered a request, at once, when asked, or by a callback. `action` is of X12 306, or anything else.

    `number` rises with each change of the payer's mind. `certificate` is its reference, and `message` what it wrote
    beside its codes, both sealed for coverage.
    """

    request_id: str
    number: int
    action: str
    received_at: datetime
    decision_due_at: datetime | None = None
    asked_for: tuple[str, ...] = ()
    items: tuple[AuthorizedItem, ...] = ()
    reason: Reason | None = None
    certificate: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class VerifyCoverage(Command):
    """A person records what the payer said about the policy by telephone or portal, in the codes of X12 271."""

    eb01: str
    auth_required: str
    valid_on: date
    certificate: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConfirmRecordsSent(Command):
    """A person sent the payer the records that it asked for."""


@dataclass(frozen=True, kw_only=True)
class RecordDecision(Command):
    """A person records the payer's decision from telephone or portal. A2 and A6: the modified approval is accepted."""

    action: Literal["A1", "A2", "A3", "A4", "A6", "NA"]
    certificate: str | None = None
    window: Window | None = None
    units: int = 1
    decision_due_at: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class RecordPeerToPeer(RecordDecision):
    """A clinician records how the talk with the payer's physician ended: A3 upholds the denial."""

    action: Literal["A1", "A2", "A3", "A6"]


@dataclass(frozen=True, kw_only=True)
class ConfirmWithdrawal(Command):
    """A person made sure that payers have cancelled the requests that no program could withdraw."""


@dataclass(frozen=True, kw_only=True)
class OverrideAuthorization(Command):
    """A person lets the visit go ahead without the payer's decision, and is responsible for it."""

    reason: Reason


@dataclass(frozen=True, kw_only=True)
class ResubmitRequest(Command):
    """Ask the payer anew: an appeal, or a request that did not get through."""


@dataclass(frozen=True, kw_only=True)
class CorrectCoverage(Command):
    """The corrected coverage."""

    coverage: CoverageOnFile


@dataclass(frozen=True, kw_only=True)
class ContinueSelfPay(Command):
    """The patient pays for the visit."""
