"""What may happen to a referral: each command does, refuses, or stays quiet. No clock, no store, no network."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain import deadlines, ending
from services.intake.domain.commands import (
    AcknowledgeReport,
    CancelReferral,
    CloseReferral,
    HoldForVisit,
    NoteChoice,
    ReceiveReferral,
    RecordReport,
    RecordVisit,
    ReleaseVisit,
    SupplyInformation,
)
from services.intake.domain.evolve import evolve
from services.intake.domain.facts import (
    ChoiceNoted,
    ContentNoted,
    IntakeFact,
    PatientSeen,
    ReportFiled,
    ReportUndeliverable,
    StepHandedOn,
    VisitHeld,
    VisitReleased,
)
from services.intake.domain.follow import INFORMATION_REQUEST, can_expire, next_due
from services.intake.domain.state import Absent, Chosen, End, Referral, Report, State
from shared.contracts.intake import (
    ConsultReportReceived,
    InformationRequested,
    InformationSupplied,
    Item,
    ReferralFoundComplete,
    ReferralReceived,
    ReportAcknowledged,
)
from shared.contracts.language import Command, EffectNeedsPerson, Tick
from shared.errors import Conflict, NotFound, Rejected, Stale

REQUIRED: Final[tuple[Item, ...]] = ("diagnosis", "contact", "coverage", "requester", "service")
"""What a referral cannot go on without."""
MOST_REPORTS: Final = 50
"""A document has a limit; long before it, something is wrong with whoever reports."""


def decide(command: Command, state: State) -> list[IntakeFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed."""
    if isinstance(command, ReceiveReferral):
        return _receive(command, state)
    if isinstance(command, Tick):
        return _tick(command, state)
    if isinstance(state, Absent):
        raise NotFound
    if type(command) not in _DECISIONS:
        raise Rejected("unknown-command", "Intake does not know this command.")
    return _DECISIONS[type(command)](command, state)


def request_id(referral_id: str, n: int) -> str:
    """The id of a referral's nth request for information, here and at the EHR."""
    return f"{referral_id}-i{n}"


def _receive(command: ReceiveReferral, state: State) -> list[IntakeFact]:
    if isinstance(state, Referral):
        if command.placed_by and state.placed_by not in (None, command.placed_by):
            raise Conflict("other-party", "This order number is in use by somebody else.")
        if state.fingerprint != command.fingerprint:
            raise Conflict("other-content", "This order number was taken in before, with other content.")
        # Whoever sends the very same order knows all of it: one that nobody is known to have placed is theirs from now.
        is_claimed = command.placed_by is not None and state.placed_by is None
        return [ContentNoted(command.fingerprint, command.placed_by)] if is_claimed else []
    missing = tuple(item for item in REQUIRED if item not in command.provided)
    return [
        _received(command),
        ContentNoted(command.fingerprint, command.placed_by),
        _check(command, command.referral_id, missing, 1),
    ]


def _received(command: ReceiveReferral) -> ReferralReceived:
    # The clock of an EHR may be ahead of ours: an order cannot have been written after it came.
    began = min(command.authored_at, command.at)
    return ReferralReceived(
        **vars(command.told),
        referral_id=command.referral_id,
        patient_ref=command.patient_ref,
        priority=command.priority,
        authored_at=command.authored_at,
        needed_by=command.needed_by or began + deadlines.NEEDED_WITHIN[command.priority],
        order_expires_at=command.order_expires_at or began + deadlines.ORDER_VALID_FOR,
        pathway=command.pathway,
        pathway_version=command.pathway_version,
        seals=dict(command.seals),
        requester_ref=command.requester_ref,
        organization_ref=command.organization_ref,
        network_ref=command.network_ref,
    )


def _check(command: Command, referral_id: str, missing: tuple[Item, ...], n: int) -> IntakeFact:
    """Complete, or the nth request for what is not."""
    if not missing:
        return ReferralFoundComplete(**vars(command.told), referral_id=referral_id)
    return InformationRequested(
        **vars(command.told),
        referral_id=referral_id,
        request_id=request_id(referral_id, n),
        items=missing,
        asked_of="referrer",
    )


def _supply(command: SupplyInformation, referral: Referral) -> list[IntakeFact]:
    """Whatever is still missing is taken, whichever request it answers; what is no longer missing changes nothing."""
    if command.request_id not in {request.request_id for request in referral.requests}:
        raise NotFound("unknown-request", "This was never asked for.")
    useful = tuple(item for item in command.items if item in referral.missing)
    if referral.situation != "awaiting_information" or not useful:
        return []
    if command.based_on != len(referral.requests):
        raise Stale("stale", "Something else was supplied meanwhile, which these seals would cover up.")
    missing = tuple(item for item in referral.missing if item not in useful)
    supplied = InformationSupplied(
        **vars(command.told),
        referral_id=referral.referral_id,
        request_id=command.request_id,
        items=useful,
        seals=dict(command.seals),
        requester_ref=command.requester_ref,
        organization_ref=command.organization_ref,
        network_ref=command.network_ref,
    )
    return [supplied, _check(command, referral.referral_id, missing, len(referral.requests) + 1)]


def _note_choice(command: NoteChoice, referral: Referral) -> list[IntakeFact]:
    """Also when it is closed: reports come afterwards, and from whom they may come hangs on it."""
    chosen = Chosen(command.choice, command.provider_ref, command.site_ref)
    is_news = referral.chosen is None or referral.chosen.choice < chosen.choice
    return [ChoiceNoted(chosen)] if is_news else []


def _hold(command: HoldForVisit, referral: Referral) -> list[IntakeFact]:
    if referral.is_closed or referral.visit_id == command.visit_id:
        return []
    return [VisitHeld(command.visit_id)]


def _release(command: ReleaseVisit, referral: Referral) -> list[IntakeFact]:
    if referral.visit_id != command.visit_id:
        return []
    # Where the wind-down waited for nothing else, it is over.
    is_last = referral.situation == "winding_down" and not referral.is_armed
    ends = [ending.wound_down(command, referral, referral.end)] if is_last and referral.end else []
    return [VisitReleased(), *ends]


def _record_visit(command: RecordVisit, referral: Referral) -> list[IntakeFact]:
    if referral.is_closed or referral.seen_at_visit:
        return []
    return [PatientSeen(command.visit_id, command.seen_at)]


def _record_report(command: RecordReport, referral: Referral) -> list[IntakeFact]:
    if known := referral.report(command.report_id):
        if known.fingerprint != command.fingerprint:
            raise Conflict("other-content", "This report was taken in before, with other content.")
        return []
    if len(referral.reports) >= MOST_REPORTS:
        raise Rejected("too-many-reports", f"A referral takes {MOST_REPORTS} reports at most.")
    told = ConsultReportReceived(
        **vars(command.told),
        referral_id=referral.referral_id,
        report_id=command.report_id,
        visit_id=command.visit_id,
        kind=command.kind,
        matched_by="referral_id",
    )
    return [ReportFiled(Report(command.report_id, command.kind, command.fingerprint, command.document)), told]


def _acknowledge(command: AcknowledgeReport, referral: Referral) -> list[IntakeFact]:
    report = referral.report(command.report_id)
    if report is None:
        raise NotFound("unknown-report", "There is no such report.")
    if report.is_acknowledged:
        return []
    told = ReportAcknowledged(**vars(command.told), referral_id=referral.referral_id, report_id=report.report_id)
    if referral.situation != "awaiting_acknowledgement" or referral.final_report != report:
        return [told]
    return [told, ending.close_with(command, referral, End("completed", None), report.report_id)]


def _needs_person(command: EffectNeedsPerson, referral: Referral) -> list[IntakeFact]:
    """The EHR cannot be reached, or nobody can tell whether it was: somebody does by hand what it was to do."""
    if command.kind == INFORMATION_REQUEST:
        is_open = referral.situation == "awaiting_information" and command.effect_revision == len(referral.requests)
        return [StepHandedOn(command.at)] if is_open and referral.is_armed else []
    report = referral.reports[command.effect_revision - 1]
    return [] if report.is_acknowledged else [ReportUndeliverable(report.report_id, command.at)]


def _tick(command: Tick, state: State) -> list[IntakeFact]:
    """Everything that is due by now, the earliest first."""
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
    SupplyInformation: _supply,
    NoteChoice: _note_choice,
    HoldForVisit: _hold,
    ReleaseVisit: _release,
    RecordVisit: _record_visit,
    RecordReport: _record_report,
    AcknowledgeReport: _acknowledge,
    CancelReferral: ending.cancel,
    CloseReferral: ending.close,
    EffectNeedsPerson: _needs_person,
}
