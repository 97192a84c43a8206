"""Derives the facts that follow from the state of a case, whichever fact came last.

Facts of different sources come in any order. Because these facts depend on the state alone, every order of arrival
ends alike.
"""

from datetime import timedelta
from typing import Any, Final

from services.authorization.domain.evolve import evolve
from services.authorization.domain.facts import CheckWanted, RequestWanted
from services.authorization.domain.publish import not_required, not_verified, tell
from services.authorization.domain.reasons import MEMBER_ID_MISSING, STAT
from services.authorization.domain.state import Case
from services.authorization.domain.statuses import UNCHECKED
from shared.contracts.authorization import AuthorizationOverridden, AuthorizationWithdrawn
from shared.contracts.language import Actor, Command

PATIENCE: Final = timedelta(hours=1)
"""How long programs may try to get through to a payer before a person is told."""
_OURSELVES: Final = Actor(kind="service", id="authorization")


def what_follows(command: Command, case: Case) -> list[Any]:
    """The next facts that follow at once; none when nothing follows."""
    if case.is_over:
        return _withdraw(command, case)
    if not case.is_complete or case.is_held:
        return []
    return _check_coverage(command, case) or _let_stat_go(command, case) or _keep_request(command, case)


def _withdraw(command: Command, case: Case) -> list[Any]:
    if case.is_withdrawn or not case.has_asked:
        return []
    request = case.request
    revision = request.revision if request else 1
    reason = case.ending_reason
    return [tell(AuthorizationWithdrawn, command, case, revision=revision, request_id=case.request_id, reason=reason)]


def _check_coverage(command: Command, case: Case) -> list[Any]:
    """Ask the payer about coverage. Without a policy the patient pays; without a member id nobody can be asked."""
    if case.coverage != UNCHECKED:
        return []
    policy = case.policy
    if policy is None:
        return [not_required(command, case, "self_pay")]
    wanted = CheckWanted(policy, due_at=command.at + PATIENCE)
    if policy.has_member_id:
        return [wanted]
    return [wanted, not_verified(command, evolve(case, wanted), policy, MEMBER_ID_MISSING)]


def _let_stat_go(command: Command, case: Case) -> list[Any]:
    """A STAT visit never waits for a payer. Its request is still submitted, with its deadline."""
    if case.priority != "stat" or case.has_clearance:
        return []
    return [tell(AuthorizationOverridden, command, case, by=_OURSELVES, reason=STAT)]


def _keep_request(command: Command, case: Case) -> list[Any]:
    """Submit a new request when provider or verified coverage changes: a request is about one of each."""
    request = case.request
    if request and (request.provider, request.check) == (case.provider, case.checks):
        return []
    return want_request(command, case)


def want_request(command: Command, case: Case) -> list[Any]:
    """Submit a request under a new revision, if a payer and a provider are known."""
    policy = case.insured_by
    if policy is None or case.provider is None:
        return []
    return [RequestWanted(policy.payer, case.provider, wanted_at=command.at, due_at=command.at + PATIENCE)]
