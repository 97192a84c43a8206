"""Decides the commands of a referral: each does something, is refused, or changes nothing. No clock, no I/O."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain import changes, ending, receiving, reporting
from services.intake.domain.commands import (
    AcknowledgeReport,
    CancelReferral,
    ChoosePathway,
    CloseReferral,
    HoldForVisit,
    HoldReferral,
    MatchReport,
    NoteChoice,
    ReceiveReferral,
    RecordReport,
    RecordVisit,
    RedirectOrder,
    ReleaseVisit,
    ResumeReferral,
    ReviewOrder,
    ReviseOrder,
    RevokeOrder,
    SupplyInformation,
)
from services.intake.domain.duties import INFORMATION_REQUEST, can_expire, next_due
from services.intake.domain.evolve import evolve
from services.intake.domain.facts import (
    ChoiceNoted,
    IntakeFact,
    PatientSeen,
    ReportUndeliverable,
    StepHandedOn,
    VisitHeld,
    VisitReleased,
)
from services.intake.domain.state import Chosen, End, Referral, State
from shared.contracts.intake import ReportAcknowledged
from shared.contracts.language import Command, EffectNeedsPerson, Tick
from shared.errors import NotFound, Rejected


def decide(command: Command, state: State) -> list[IntakeFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed."""
    if isinstance(command, ReceiveReferral):
        return receiving.receive(command, state)
    if isinstance(command, RedirectOrder):
        return receiving.redirect(command, state)
    if isinstance(command, Tick):
        return _tick(command, state)
    if not isinstance(state, Referral):
        raise NotFound
    if type(command) not in _DECISIONS:
        raise Rejected("unknown-command", "Intake does not know this command.")
    return _DECISIONS[type(command)](command, state)


def _note_choice(command: NoteChoice, referral: Referral) -> list[IntakeFact]:
    """Apply this also to a closed referral: reports come afterwards, and it decides who may send them."""
    chosen = Chosen(command.choice, command.provider_ref, command.site_ref)
    is_news = referral.chosen is None or referral.chosen.choice < chosen.choice
    return [ChoiceNoted(chosen)] if is_news else []


def _hold(command: HoldForVisit, referral: Referral) -> list[IntakeFact]:
    if referral.is_closed or referral.visit_id == command.visit_id:
        return []
    return [VisitHeld(command.visit_id), *reporting.settle(command, referral, command.visit_id)]


def _release(command: ReleaseVisit, referral: Referral) -> list[IntakeFact]:
    if referral.visit_id != command.visit_id:
        return []
    # Where the wind-down waited for nothing else, it ends here.
    is_last = referral.situation == "winding_down" and not referral.is_armed
    ends = [ending.wound_down(command, referral, referral.end)] if is_last and referral.end else []
    return [VisitReleased(), *ends]


def _record_visit(command: RecordVisit, referral: Referral) -> list[IntakeFact]:
    if referral.is_closed or referral.seen_at_visit:
        return []
    seen = PatientSeen(command.visit_id, command.seen_at)
    return [seen, *reporting.settle(command, referral, command.visit_id)]


def _acknowledge(command: AcknowledgeReport, referral: Referral) -> list[IntakeFact]:
    report = referral.report(command.report_id)
    if report is None:
        raise NotFound("unknown-report", "There is no such report.")
    if report.is_acknowledged:
        return []
    acknowledged = ReportAcknowledged(
        **vars(command.attribution), referral_id=referral.referral_id, report_id=report.report_id
    )
    if referral.situation != "awaiting_acknowledgement" or referral.final_report != report:
        return [acknowledged]
    return [acknowledged, ending.close_with(command, referral, End("completed", None), report.report_id)]


def _needs_person(command: EffectNeedsPerson, referral: Referral) -> list[IntakeFact]:
    """A call to the EHR failed for good, or its outcome is unknown: a person does its work by hand."""
    if command.kind == INFORMATION_REQUEST:
        is_open = referral.situation == "awaiting_information" and command.effect_revision == len(referral.requests)
        return [StepHandedOn(command.at)] if is_open and referral.is_armed else []
    report = referral.reports[command.effect_revision - 1]
    return [] if report.is_acknowledged else [ReportUndeliverable(report.report_id, command.at)]


def _tick(command: Tick, state: State) -> list[IntakeFact]:
    """Escalate everything that is due by now, the earliest first."""
    facts: list[IntakeFact] = []
    while isinstance(state, Referral) and (due := next_due(state)) and due <= command.at:
        for fact in _due(command, state):
            facts.append(fact)
            state = evolve(state, fact)
    return facts


def _due(command: Tick, referral: Referral) -> list[IntakeFact]:
    if can_expire(referral) and referral.order_expires_at <= command.at:
        return ending.expire(command, referral)
    # A visit that nobody gave back in time has begun, or may have: what becomes of it decides how the referral ends.
    if referral.situation == "winding_down" and referral.end and referral.visit_id is None:
        return [ending.wound_down(command, referral, referral.end)]
    return [StepHandedOn(command.at)]


_DECISIONS: Final[Mapping[type[Command], Callable[[Any, Referral], list[IntakeFact]]]] = {
    SupplyInformation: receiving.supply,
    ChoosePathway: receiving.choose_pathway,
    ReviseOrder: changes.revise,
    ReviewOrder: changes.review,
    RevokeOrder: changes.revoke,
    HoldReferral: changes.hold,
    ResumeReferral: changes.resume,
    NoteChoice: _note_choice,
    HoldForVisit: _hold,
    ReleaseVisit: _release,
    RecordVisit: _record_visit,
    RecordReport: reporting.record,
    MatchReport: reporting.match,
    AcknowledgeReport: _acknowledge,
    CancelReferral: ending.cancel,
    CloseReferral: ending.close,
    EffectNeedsPerson: _needs_person,
}
