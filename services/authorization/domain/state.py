"""The state of a case: what other services told, where coverage and request stand, and every request ever made.

Seals rest here as opaque strings.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.authorization.domain.payers import Payer, PolicyOnFile
from services.authorization.domain.statuses import (
    UNCHECKED,
    Approved,
    Coverage,
    Covered,
    Exempt,
    Pended,
    Questioned,
    RequestStatus,
    SelfPay,
)
from shared.contracts.authorization import Urgency
from shared.contracts.language import Priority, Reason, effect_id


@dataclass(frozen=True)
class Provider:
    """The provider who shall see the patient, and the site."""

    provider_ref: str
    site_ref: str


@dataclass(frozen=True)
class Request:
    """The request that counts now: about one provider, under one verified coverage (`check`).

    `number` is the highest that the payer gave to an answer. `certificate`, the payer's number, and `message`, what it
    last wrote beside its codes, are sealed for coverage.
    """

    revision: int
    check: int
    payer: Payer
    provider: Provider
    wanted_at: datetime
    standing: RequestStatus
    is_submitted: bool = False
    number: int = -1
    is_decided_by_person: bool = False
    certificate: str | None = None
    message: str | None = None

    @property
    def records_owed(self) -> tuple[str, ...]:
        """The records that the payer waits for, as codes."""
        standing = self.standing
        return standing.asked_for if isinstance(standing, Pended) and standing.records_due_at else ()


@dataclass(frozen=True)
class Asked:
    """Whom a revision of the request was addressed to. `stays`: the payer denied it, so nothing is withdrawn.

    `withdrawn_by` is set when a person has to see that the payer takes it back.
    """

    payer: str
    stays: bool = False
    withdrawn_by: datetime | None = None


Ending = Literal["open", "cancelled", "closed"]


@dataclass(frozen=True)
class Case:
    """One referral's authorization. `checks` counts eligibility checks; `asked` holds every revision of the request."""

    referral_id: str = ""
    is_received: bool = False
    is_complete: bool = False
    is_held: bool = False
    priority: Priority = "routine"
    pathway: str = ""
    policies: tuple[PolicyOnFile, ...] = ()
    coverage_seal: str | None = None
    clinical_seal: str | None = None
    provider: Provider | None = None
    coverage: Coverage = UNCHECKED
    checks: int = 0
    request: Request | None = None
    asked: tuple[Asked, ...] = ()
    is_overridden: bool = False
    is_used: bool = False
    ending: Ending = "open"
    ending_reason: Reason | None = None
    is_withdrawn: bool = False

    @property
    def case_id(self) -> str:
        """There is one case per referral."""
        return f"{self.referral_id}-case"

    @property
    def urgency(self) -> Urgency:
        """The priority as payers call it."""
        return "standard" if self.priority == "routine" else "expedited"

    @property
    def policy(self) -> PolicyOnFile | None:
        """The policy that pays first."""
        return self.policies[0] if self.policies else None

    @property
    def policy_asked(self) -> PolicyOnFile | None:
        """The policy that the payer was asked about."""
        return self.coverage.policy if isinstance(self.coverage, Questioned) else None

    @property
    def insured_by(self) -> PolicyOnFile | None:
        """The policy that is in force and requires authorization."""
        match self.coverage:
            case Covered(policy=policy, needs_authorization=True):
                return policy
        return None

    @property
    def request_id(self) -> str | None:
        """The id that the payer knows the request by."""
        return effect_id(self.referral_id, SUBMISSION, self.request.revision) if self.request else None

    @property
    def retired(self) -> tuple[int, ...]:
        """Revisions of the request that must be withdrawn."""
        current = self.request.revision if self.request else None
        return tuple(r for r, asked in enumerate(self.asked, 1) if r != current and not asked.stays)

    @property
    def left_with_payers(self) -> tuple[str, ...]:
        """Ids of the requests that no program could withdraw."""
        asked = enumerate(self.asked, 1)
        return tuple(effect_id(self.referral_id, SUBMISSION, revision) for revision, a in asked if a.withdrawn_by)

    @property
    def has_asked(self) -> bool:
        """Whether a payer was asked anything that still counts."""
        return self.request is not None or isinstance(self.coverage, Questioned)

    @property
    def is_over(self) -> bool:
        """Whether the referral ended without care, so that no request is wanted any more."""
        return self.ending != "open" and not self.is_used

    @property
    def is_workable(self) -> bool:
        """Whether people may still do something about it."""
        return self.is_complete and self.ending != "closed" and not self.is_over

    @property
    def is_free(self) -> bool:
        """Whether no provider needs an authorization."""
        match self.coverage:
            case SelfPay() | Covered(needs_authorization=False):
                return True
        return False

    @property
    def has_clearance(self) -> bool:
        """Whether the payer side allows the visit to be booked."""
        standing = self.request.standing if self.request else None
        has_word = self.is_free or isinstance(standing, Approved | Exempt)
        return not self.is_over and (self.is_overridden or has_word)

    def revision_of(self, request_id: str, payer: str) -> int | None:
        """The revision of the request that this payer knows by this id."""
        for revision, asked in enumerate(self.asked, 1):
            if asked.payer == payer and request_id == effect_id(self.referral_id, SUBMISSION, revision):
                return revision
        return None


INITIAL = Case()
ELIGIBILITY: Final = "eligibility"
SUBMISSION: Final = "submission"
"""The kinds of calls that a case can want."""
