"""What follows from where a case stands, whatever brought it there.

Facts of different sources come in any order. Because what follows is a function of the state, and not of the
fact that came last, every order ends alike.
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
    """The next facts that follow at once; none when the case rests."""
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
    """Ask who pays; without a policy nobody but the patient does, without a member id there is nothing to ask by."""
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
    """STAT never waits for a payer; the request goes on behind it, with its clock."""
    if case.priority != "stat" or case.has_clearance:
        return []
    return [tell(AuthorizationOverridden, command, case, by=_OURSELVES, reason=STAT)]


def _keep_request(command: Command, case: Case) -> list[Any]:
    """A request is about one provider under one verified coverage; when either changes it is asked anew."""
    request = case.request
    if request and (request.provider, request.check) == (case.provider, case.checks):
        return []
    return want_request(command, case)


def want_request(command: Command, case: Case) -> list[Any]:
    """Ask the payer for leave, under a new revision, if there is somebody to ask and to ask for."""
    policy = case.insured_by
    if policy is None or case.provider is None:
        return []
    return [RequestWanted(policy.payer, case.provider, wanted_at=command.at, due_at=command.at + PATIENCE)]
