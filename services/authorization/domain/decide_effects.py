"""Decides what a payer's answer means, from a response, a poll, a callback, or a person's telephone call.

An unknown answer becomes a person's task, and never an approval.
"""

from datetime import datetime
from typing import Any, Final

from services.authorization.domain.commands import (
    RecordDecision,
    RecordEligibility,
    RecordPayerAnswer,
    VerifyCoverage,
)
from services.authorization.domain.deadlines import APPEAL, PEER_TO_PEER, decision_due, due, extended
from services.authorization.domain.evolve import evolve
from services.authorization.domain.facts import AnswerNoted, DecisionNoted, NeedFound
from services.authorization.domain.payers import PolicyOnFile
from services.authorization.domain.publish import (
    PublishedFact,
    needs_person,
    not_required,
    not_verified,
    tell,
    verified,
)
from services.authorization.domain.reasons import APPROVAL_UNUSABLE, PAYER_SILENT, of_action, of_coverage
from services.authorization.domain.state import ELIGIBILITY, Case, Request
from services.authorization.domain.statuses import Appealable, Checking, CoverageProblem, Denied, Pended
from shared.contracts.authorization import (
    AuthorizationApproved,
    AuthorizationDenied,
    AuthorizationPended,
    AuthorizationSubmitted,
    AuthorizedItem,
)
from shared.contracts.language import Command, Fact, effect_id
from shared.errors import NotFound, Rejected

_ACTIVE: Final = frozenset("12345")
_PENDED: Final = "A4"
LARGEST_JUMP: Final = 1000
"""How much a payer's number may rise at once. A sender of the highest possible number would always win."""
Said = RecordPayerAnswer | RecordDecision


def record_eligibility(command: RecordEligibility, case: Case) -> list[Any]:
    """Apply the payer's answer about coverage. The first answer to a check counts, however late it is."""
    if command.check_id != effect_id(case.referral_id, ELIGIBILITY, case.checks):
        return []
    match case.coverage:
        case Checking(policy=policy) | CoverageProblem(policy=policy, is_answered=False):
            return eligibility(command, case, policy)
    return []


def eligibility(command: RecordEligibility | VerifyCoverage, case: Case, policy: PolicyOnFile) -> list[Any]:
    """The facts that follow from the payer's answer about a policy, from whichever source."""
    if command.eb01 not in _ACTIVE:
        return [not_verified(command, case, policy, of_coverage(command.eb01), command.valid_on)]
    is_needed = command.auth_required != "N"
    certificate = command.certificate if isinstance(command, VerifyCoverage) else None
    found = [NeedFound(is_needed, certificate), verified(command, case, policy, command.valid_on)]
    return found if is_needed else [*found, not_required(command, case, "payer", policy.payer.id)]


def record_payer_answer(command: RecordPayerAnswer, case: Case) -> list[Any]:
    """Take in an answer. The payer's highest number wins: repeated, late and reordered ones change nothing.

    An answer to a request that counts no more is ignored; the engine sees to its withdrawal. Raises NotFound for
    a request that this payer never had.
    """
    revision = case.revision_of(command.request_id, command.by.id)
    if revision is None:
        raise NotFound("not-found", "There is no such request to this payer.")
    request = case.request
    if request is None or revision != request.revision or command.number <= request.number:
        return []
    if command.number > max(request.number, 0) + LARGEST_JUMP:
        raise Rejected("number-jumps", f"An answer's number is at most {LARGEST_JUMP} above the last one.")
    noted = AnswerNoted(command.number, command.certificate, command.message)
    if command.action == _PENDED and request.is_decided_by_person:
        return [noted]
    received_at = min(max(command.received_at, request.wanted_at), command.at)
    return [noted, *_submitted(command, case, request, received_at), *_verdict(command, case, request, received_at)]


def record_decision(command: RecordDecision, case: Case) -> list[Any]:
    """Apply the decision that a person heard from the payer. Nothing happens if it is known already."""
    request = case.request
    if request is None or (command.action == "A3" and isinstance(request.standing, Denied | Appealable)):
        return []
    is_decided = command.action != _PENDED
    if not is_decided and command.decision_due_at is None and isinstance(request.standing, Pended):
        return [DecisionNoted(command.certificate, is_decided)] if command.certificate else []
    # The payer's deadline runs since the request was received: what a person hears later does not restart it.
    verdict = _verdict(command, case, request, request.wanted_at if request.is_submitted else command.at)
    after = case
    for fact in verdict:
        after = evolve(after, fact)
    if after == case:
        return []
    noted = DecisionNoted(command.certificate, is_decided)
    return [noted, *_submitted(command, case, request, command.at), *verdict]


def _submitted(command: Said, case: Case, request: Request, received_at: datetime) -> list[Any]:
    """Record once that the payer has the request."""
    if request.is_submitted:
        return []
    return [
        _about(
            AuthorizationSubmitted,
            command,
            case,
            request,
            received_by_payer_at=received_at,
            decision_due_at=decision_due(received_at, case.urgency, request.payer),
            urgency=case.urgency,
        )
    ]


def _verdict(command: Said, case: Case, request: Request, received_at: datetime) -> list[Any]:
    match command.action:
        case "A1":
            return [_approved(command, case, request)]
        case "A2" | "A6" if isinstance(command, RecordDecision):
            return [_approved(command, case, request)]
        case "A3":
            return [_denied(command, case, request)]
        case "A4":
            return [_pended(command, case, request, received_at)]
        case "NA":
            return [not_required(command, case, "payer", request.payer.id, request.provider.provider_ref)]
    return [needs_person(command, case, request, of_action(command.action))]


def _approved(command: Said, case: Case, request: Request) -> Fact:
    """An approval must state items and dates, and match the request: else a person reads it."""
    items = _granted(command, case, request)
    if not items or not all(_fits(item, case, request) for item in items):
        return needs_person(command, case, request, APPROVAL_UNUSABLE)
    return _about(AuthorizationApproved, command, case, request, items=items)


def _granted(command: Said, case: Case, request: Request) -> tuple[AuthorizedItem, ...]:
    if isinstance(command, RecordPayerAnswer):
        return command.items
    if command.window is None or command.window.start > command.window.end or command.units < 1:
        raise Rejected("window-missing", "An approval needs its first and last day, and at least one unit.")
    provider = request.provider
    return (
        AuthorizedItem(
            item=1,
            service_ref=case.pathway,
            window=command.window,
            units=command.units,
            provider_ref=provider.provider_ref,
            site_ref=provider.site_ref,
        ),
    )


def _fits(item: AuthorizedItem, case: Case, request: Request) -> bool:
    asked = (case.pathway, request.provider.provider_ref, request.provider.site_ref)
    is_usable = item.window.start <= item.window.end and item.units >= 1
    return is_usable and (item.service_ref, item.provider_ref, item.site_ref) == asked


def _denied(command: Said, case: Case, request: Request) -> Fact:
    zone = request.payer.zone
    return _about(
        AuthorizationDenied,
        command,
        case,
        request,
        reason=command.reason or of_action("A3"),
        peer_to_peer_until=due(command.at, PEER_TO_PEER, zone),
        appeal_until=due(command.at, APPEAL, zone),
    )


def _pended(command: Said, case: Case, request: Request, received_at: datetime) -> Fact:
    """Wait for the payer until its deadline. After the deadline a person asks again."""
    ruled = decision_due(received_at, case.urgency, request.payer)
    asked_for = command.asked_for if isinstance(command, RecordPayerAnswer) else request.records_owed
    due_at = extended(command.decision_due_at, received_at, ruled)
    if isinstance(command, RecordDecision) and due_at <= command.at:
        return needs_person(command, case, request, PAYER_SILENT)
    return _about(AuthorizationPended, command, case, request, decision_due_at=due_at, asked_for=asked_for)


def _about(fact: type[PublishedFact], command: Command, case: Case, request: Request, **content: Any) -> PublishedFact:
    """Make a fact about the current request."""
    asked = {"revision": request.revision, "payer": request.payer.id}
    return tell(fact, command, case, **asked, request_id=case.request_id, **content)
