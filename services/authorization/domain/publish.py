"""Builds the published facts of this service, each in one place."""

from datetime import date
from typing import Any, Literal, TypeVar

from services.authorization.domain.deadlines import local_date
from services.authorization.domain.payers import PolicyOnFile
from services.authorization.domain.state import ELIGIBILITY, Case, Request
from shared.contracts.authorization import (
    AuthorizationNeedsPerson,
    AuthorizationNotRequired,
    CoverageNotVerified,
    CoverageVerified,
)
from shared.contracts.language import Command, Fact, Reason, effect_id

RULE_VERSION = 1
"""The codes for why no authorization is required."""
NO_PAYER = "self-pay"

PublishedFact = TypeVar("PublishedFact", bound=Fact)


def tell(fact: type[PublishedFact], command: Command, case: Case, **content: Any) -> PublishedFact:
    """Make a published fact that follows from a command."""
    ids = {"referral_id": case.referral_id, "case_id": case.case_id}
    return fact(**{**vars(command.attribution), **ids, **content})


def verified(command: Command, case: Case, policy: PolicyOnFile, valid_on: date) -> CoverageVerified:
    """The policy is in force."""
    return tell(CoverageVerified, command, case, **_check(case, policy), valid_on=valid_on)


def not_verified(
    command: Command, case: Case, policy: PolicyOnFile, reason: Reason, valid_on: date | None = None
) -> CoverageNotVerified:
    """The policy is not in force, or nobody could find out whether it is today."""
    day = valid_on or local_date(command.at, policy.payer.zone)
    return tell(CoverageNotVerified, command, case, **_check(case, policy), valid_on=day, reason=reason)


def _check(case: Case, policy: PolicyOnFile) -> dict[str, Any]:
    return {
        "revision": case.checks,
        "check_id": effect_id(case.referral_id, ELIGIBILITY, case.checks),
        "rank": policy.rank,
        "payer": policy.payer.id,
        "line": policy.payer.line,
    }


def not_required(
    command: Command,
    case: Case,
    basis: Literal["payer", "self_pay"],
    payer: str = NO_PAYER,
    provider_ref: str | None = None,
) -> AuthorizationNotRequired:
    """The visit needs no authorization: with any provider, or with `provider_ref` alone."""
    basics = {"basis": basis, "rule_version": RULE_VERSION, "payer": payer, "provider_ref": provider_ref}
    return tell(AuthorizationNotRequired, command, case, **basics)


def needs_person(command: Command, case: Case, request: Request, reason: Reason) -> AuthorizationNeedsPerson:
    """The request needs a person."""
    asked = {"revision": request.revision, "payer": request.payer.id}
    return tell(AuthorizationNeedsPerson, command, case, **asked, reason=reason)
