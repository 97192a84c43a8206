"""Decides the commands of a case: the table of all, and the small decisions."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.authorization.domain import commands, decide_people
from services.authorization.domain.cascade import what_follows
from services.authorization.domain.commands import CoverageOnFile
from services.authorization.domain.deadlines import OUR_TIME
from services.authorization.domain.decide_effects import record_eligibility, record_payer_answer
from services.authorization.domain.duties import lapsed
from services.authorization.domain.evolve import evolve
from services.authorization.domain.facts import (
    AuthorizationUsed,
    CaseEnded,
    CaseFact,
    CaseHeld,
    CaseOpened,
    CaseResumed,
    CaseStarted,
    ClinicalGiven,
    CoverageGiven,
    PathwayTaken,
    ProviderAdopted,
    WithdrawalEscalated,
)
from services.authorization.domain.publish import needs_person, not_verified
from services.authorization.domain.reasons import (
    ELIGIBILITY_UNANSWERED,
    PAYER_SILENT,
    PEER_TO_PEER_LAPSED,
    SUBMISSION_IN_DOUBT,
    SUBMISSION_NOT_TAKEN,
    SUBMISSION_UNANSWERED,
)
from services.authorization.domain.state import Case, Request
from services.authorization.domain.statuses import Checking, Denied, Pended, Submitting
from shared.business_days import after_business_days
from shared.contracts.language import Command, EffectNeedsPerson, Reason, Tick
from shared.errors import Rejected

_SEEN: Final = frozenset({"completed", "seen_no_report"})
_LAPSES: Final[Mapping[type[Any], Reason]] = {
    Submitting: SUBMISSION_UNANSWERED,
    Pended: PAYER_SILENT,
    Denied: PEER_TO_PEER_LAPSED,
}


def decide(command: Command, case: Case) -> list[CaseFact]:
    """Return the facts that follow, to the end: none if it is so already, Rejected if it is not allowed."""
    take = _TABLE.get(type(command))
    if take is None:
        raise Rejected("unknown-command", "Authorization does not know this command.")
    facts = next_facts = take(command, case)
    while next_facts:
        for fact in next_facts:
            case = evolve(case, fact)
        next_facts = what_follows(command, case)
        facts = [*facts, *next_facts]
    return facts


def _open(command: commands.OpenCase, case: Case) -> list[Any]:
    if case.is_received:
        return []
    opened = CaseOpened(command.referral_id, command.priority, command.pathway)
    return [opened, *_given(command.coverage, command.clinical)]


def _take_pathway(command: commands.TakePathway, case: Case) -> list[Any]:
    return [] if case.pathway == command.pathway else [PathwayTaken(command.pathway)]


def _hold(_command: commands.HoldCase, case: Case) -> list[Any]:
    return [] if case.is_held else [CaseHeld()]


def _resume(_command: commands.ResumeCase, case: Case) -> list[Any]:
    return [CaseResumed()] if case.is_held else []


def _take_information(command: commands.TakeInformation, case: Case) -> list[Any]:
    is_new = command.coverage is not None and command.coverage.seal != case.coverage_seal
    is_other = command.clinical != case.clinical_seal
    return _given(command.coverage if is_new else None, command.clinical if is_other else None)


def _given(coverage: CoverageOnFile | None, clinical: str | None) -> list[Any]:
    covered = [CoverageGiven(coverage)] if coverage else []
    return [*covered, ClinicalGiven(clinical)] if clinical else [*covered]


def _start(command: commands.StartCase, case: Case) -> list[Any]:
    return [] if case.is_complete else [CaseStarted(command.referral_id)]


def _end(command: commands.EndCase, case: Case) -> list[Any]:
    """End the case. The outcome may say that the patient was seen before scheduling's fact has arrived."""
    if case.ending in {command.ending, "closed"}:
        return []
    ended = CaseEnded(command.referral_id, command.ending, command.reason)
    is_news = command.outcome in _SEEN and not case.is_used
    return [AuthorizationUsed(command.referral_id), ended] if is_news else [ended]


def _adopt_provider(command: commands.AdoptProvider, case: Case) -> list[Any]:
    if case.provider == command.provider:
        return []
    return [ProviderAdopted(command.referral_id, command.provider)]


def _use(command: commands.UseAuthorization, case: Case) -> list[Any]:
    return [] if case.is_used else [AuthorizationUsed(command.referral_id)]


def _tick(command: Tick, case: Case) -> list[Any]:
    """Escalate what payers and others owe us and did not do in time."""
    facts: list[Any] = []
    request = case.request
    if isinstance(case.coverage, Checking) and lapsed(case.coverage, case, command.at):
        facts.append(not_verified(command, case, case.coverage.policy, ELIGIBILITY_UNANSWERED))
    if request and lapsed(request.standing, case, command.at):
        facts.append(needs_person(command, case, request, _LAPSES[type(request.standing)]))
    return facts


def _escalate(command: EffectNeedsPerson, case: Case) -> list[Any]:
    """Escalate a call that was given up, if it still matters. A payer that has the request has its own deadline."""
    match command.kind, case.coverage, case.request:
        case "eligibility", Checking(policy=policy), _ if command.effect_revision == case.checks:
            return [not_verified(command, case, policy, ELIGIBILITY_UNANSWERED)]
        case "submission", _, Request(revision=command.effect_revision, standing=Submitting()) as request:
            reason = SUBMISSION_IN_DOUBT if command.in_doubt else SUBMISSION_NOT_TAKEN
            return [needs_person(command, case, request, reason)]
        case "submission", _, _:
            return _escalate_withdrawal(command, case)
    return []


def _escalate_withdrawal(command: EffectNeedsPerson, case: Case) -> list[Any]:
    """A request that cannot be withdrawn may still be decided and counted: a person makes sure that it is cancelled."""
    revision = command.effect_revision
    is_left = revision in case.retired and not case.asked[revision - 1].withdrawn_by
    return [WithdrawalEscalated(revision, after_business_days(command.at, OUR_TIME.count))] if is_left else []


_TABLE: Final[Mapping[type[Command], Callable[[Any, Case], list[Any]]]] = {
    commands.OpenCase: _open,
    commands.TakePathway: _take_pathway,
    commands.HoldCase: _hold,
    commands.ResumeCase: _resume,
    commands.TakeInformation: _take_information,
    commands.StartCase: _start,
    commands.EndCase: _end,
    commands.AdoptProvider: _adopt_provider,
    commands.UseAuthorization: _use,
    commands.RecordEligibility: record_eligibility,
    commands.RecordPayerAnswer: record_payer_answer,
    commands.RecordDecision: decide_people.record,
    commands.VerifyCoverage: decide_people.verify_coverage,
    commands.ConfirmRecordsSent: decide_people.confirm_records_sent,
    commands.RecordPeerToPeer: decide_people.record_peer_to_peer,
    commands.ConfirmWithdrawal: decide_people.confirm_withdrawal,
    commands.OverrideAuthorization: decide_people.override,
    commands.ResubmitRequest: decide_people.resubmit,
    commands.CorrectCoverage: decide_people.correct_coverage,
    commands.ContinueSelfPay: decide_people.continue_self_pay,
    EffectNeedsPerson: _escalate,
    Tick: _tick,
}
