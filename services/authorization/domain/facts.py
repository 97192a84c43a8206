"""The private facts of a case: they change its state and are never published."""

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
    """The case is on hold: nobody is asked anything new."""


@dataclass(frozen=True)
class CaseResumed:
    """The case goes on."""


@dataclass(frozen=True)
class CoverageGiven:
    """The policies are known or have changed: the payer must be asked again."""

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
    """The payer shall be asked about the policy. Without an answer by `due_at` a person takes over."""

    policy: PolicyOnFile
    due_at: datetime


@dataclass(frozen=True)
class NeedFound:
    """The payer says that the policy is in force, and whether it wants to authorize the visit."""

    needs_authorization: bool
    certificate: str | None = None


@dataclass(frozen=True)
class RequestWanted:
    """A request for this provider shall be submitted; the request before it counts no more."""

    payer: Payer
    provider: Provider
    wanted_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class AnswerNoted:
    """The payer's answer with this number was applied."""

    number: int
    certificate: str | None
    message: str | None = None


@dataclass(frozen=True)
class RecordsSent:
    """The payer was sent the records that it asked for."""


@dataclass(frozen=True)
class WithdrawalEscalated:
    """The payer did not cancel that revision of the request: a person makes sure that it does."""

    revision: int
    due_at: datetime


@dataclass(frozen=True)
class WithdrawalsConfirmed:
    """Payers have cancelled everything that was withdrawn."""


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
