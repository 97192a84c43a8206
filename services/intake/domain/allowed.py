"""Lists the commands that would have an effect now. It asks `decide`, so that buttons and server never disagree."""

from datetime import datetime
from typing import Any

from services.intake.domain.commands import (
    AcknowledgeReport,
    CancelReferral,
    ChoosePathway,
    CloseReferral,
    MatchReport,
    RecordReport,
    ReviewOrder,
    SupplyInformation,
)
from services.intake.domain.decide import decide
from services.intake.domain.state import Referral, State
from shared.contracts.intake import Outcome
from shared.contracts.language import Actor, Command, Reason
from shared.errors import Rejected

_REASON = Reason(system="throughline", code="probe")


def allowed(state: State, by: Actor, at: datetime, parked: tuple[str, ...] = ()) -> frozenset[str]:
    """The names of the commands that would do something now. `parked` is as in Command."""
    if not isinstance(state, Referral):
        return frozenset()
    who: dict[str, Any] = {"at": at, "by": by, "channel": "console", "parked": parked}
    return frozenset(name for name, command in _probes(state, who).items() if _does_something(command, state))


def _probes(referral: Referral, who: dict[str, Any]) -> dict[str, Command]:
    other: Outcome = "unreachable" if referral.end and referral.end.outcome == "care_elsewhere" else "care_elsewhere"
    waiting = next((report for report in reversed(referral.reports) if not report.is_acknowledged), None)
    probes: dict[str, Command] = {
        "cancel": CancelReferral(**who, asked_by="patient", reason=_REASON),
        "close": CloseReferral(**who, outcome=other, reason=_REASON),
        "record_report": RecordReport(**who, report_id="", kind="final", visit_id=None, fingerprint="", document=""),
    }
    if not referral.has_pathway:
        probes["choose_pathway"] = ChoosePathway(**who, pathway="probe", pathway_version=1)
    if referral.review:
        version = referral.review.order_version
        probes["review_order"] = ReviewOrder(**who, order_version=version, outcome="kept")
    if referral.requests:
        asked = referral.requests[-1]
        probes["supply_information"] = SupplyInformation(
            **who, request_id=asked.request_id, based_on=len(referral.requests), items=asked.items, seals={}
        )
    if kept := next((kept for kept in referral.kept_reports if not kept.set_aside), None):
        probes["match_report"] = MatchReport(
            **who, report_id=kept.report.report_id, outcome="belongs_elsewhere", reason=_REASON
        )
    if waiting:
        probes["acknowledge"] = AcknowledgeReport(**who, report_id=waiting.report_id)
    return probes


def _does_something(command: Command, referral: Referral) -> bool:
    try:
        return bool(decide(command, referral))
    except Rejected:
        return False
