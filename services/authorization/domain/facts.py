"""What happens to a case beside the facts that are told: private, folded, and never published."""

from dataclasses import dataclass
from datetime import datetime

from services.authorization.domain.commands import CoverageOnFile
from services.authorization.domain.payers import Payer, PolicyOnFile
from services.authorization.domain.state import Ending, Provider
from shared.contracts.authorization import (
    AuthorizationApproved,
    AuthorizationDenied,
    AuthorizationNeedsPerson,
    AuthorizationNotRequired,
    AuthorizationOverridden,
    AuthorizationPended,
    AuthorizationSubmitted,
    AuthorizationWithdrawn,
    CoverageNotVerified,
    CoverageVerified,
)
from shared.contracts.language import Priority, Reason


@dataclass(frozen=True)
class CaseOpened:
    """A referral was received."""

    referral_id: str
    priority: Priority
    pathway: str


@dataclass(frozen=True)
class PathwayTaken:
    """Which pathway it takes was not known before."""

    pathway: str


@dataclass(frozen=True)
class CaseHeld:
    """Nobody is asked anything new."""


@dataclass(frozen=True)
class CaseResumed:
    """It goes on."""


@dataclass(frozen=True)
class CoverageGiven:
    """The policies are known, or are others than before: whoever was asked must be asked again."""

    coverage: CoverageOnFile


@dataclass(frozen=True)
class ClinicalGiven:
    """Why the patient is referred, sealed."""

    seal: str


@dataclass(frozen=True)
class CaseStarted:
    """Nothing is missing."""

    referral_id: str


@dataclass(frozen=True)
class CaseEnded:
    """The referral was cancelled or closed."""

    referral_id: str
    ending: Ending
    reason: Reason


@dataclass(frozen=True)
class ProviderAdopted:
    """A provider was found who shall see the patient."""

    referral_id: str
    provider: Provider


@dataclass(frozen=True)
class AuthorizationUsed:
    """The patient was seen."""

    referral_id: str


@dataclass(frozen=True)
class CheckWanted:
    """The payer shall be asked about the policy; without an answer by `due_at` a person looks."""

    policy: PolicyOnFile
    due_at: datetime


@dataclass(frozen=True)
class NeedFound:
    """The payer says that the policy is in force, and whether it wants to authorize the visit."""

    needs_authorization: bool
    certificate: str | None = None


@dataclass(frozen=True)
class RequestWanted:
    """The payer shall be asked for leave for this provider; what was asked before counts no more."""

    payer: Payer
    provider: Provider
    wanted_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class AnswerNoted:
    """The payer's answer of that number was taken in."""

    number: int
    certificate: str | None
    message: str | None = None


@dataclass(frozen=True)
class RecordsSent:
    """The payer was sent the records that it asked for."""


@dataclass(frozen=True)
class WithdrawalEscalated:
    """The payer did not take back that revision of the request: a person sees to it."""

    revision: int
    due_at: datetime


@dataclass(frozen=True)
class WithdrawalsConfirmed:
    """Payers have nothing any more of what was withdrawn."""


@dataclass(frozen=True)
class DecisionNoted:
    """A person recorded what the payer said; unless it was a pend, it is decided."""

    certificate: str | None
    is_decided: bool


Published = (
    CoverageVerified
    | CoverageNotVerified
    | AuthorizationNotRequired
    | AuthorizationSubmitted
    | AuthorizationPended
    | AuthorizationApproved
    | AuthorizationDenied
    | AuthorizationNeedsPerson
    | AuthorizationOverridden
    | AuthorizationWithdrawn
)
Private = (
    CaseOpened
    | PathwayTaken
    | CaseHeld
    | CaseResumed
    | CoverageGiven
    | ClinicalGiven
    | CaseStarted
    | CaseEnded
    | ProviderAdopted
    | AuthorizationUsed
    | CheckWanted
    | NeedFound
    | RequestWanted
    | AnswerNoted
    | WithdrawalEscalated
    | WithdrawalsConfirmed
    | DecisionNoted
    | RecordsSent
)
CaseFact = Published | Private
