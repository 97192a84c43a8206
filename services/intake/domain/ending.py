"""Ends a referral otherwise than by an acknowledged report: cancelled, given up, or expired."""

from typing import Final, cast, get_args

from services.intake.domain.commands import CancelReferral, CloseReferral
from services.intake.domain.facts import EndChosen, IntakeFact
from services.intake.domain.state import End, Referral
from services.intake.domain.steps import OWN_REASONS
from shared.contracts.intake import AskedBy, Outcome, ReferralCancelled, ReferralClosed
from shared.contracts.language import Command, Reason
from shared.errors import Conflict, Rejected

ORDER_EXPIRED: Final = Reason(system=OWN_REASONS, code="order-expired")
DECEASED: Final = Reason(system=OWN_REASONS, code="deceased")
"""The outcome that tells the other services not to write to the patient any more."""

_BY_WHO_ASKED: Final[dict[AskedBy, Outcome]] = {
    "referrer": "cancelled_by_referrer",
    "patient": "patient_declined",
    "payer": "not_covered",
    "specialist": "no_provider",
    "system": "order_expired",
}
_WHO_MUST_HAVE_ASKED: Final[dict[Outcome, AskedBy]] = {
    "patient_declined": "patient",
    "not_covered": "payer",
    "denied_final": "payer",
    "no_provider": "specialist",
    "order_expired": "system",
}
_AFTER_CARE: Final = frozenset({"completed", "seen_no_report"})
_CANCELLATIONS: Final = frozenset(get_args(Outcome)) - _AFTER_CARE


def cancel(command: CancelReferral, referral: Referral) -> list[IntakeFact]:
    """Cancel the referral: every service releases what it holds, then the referral closes."""
    if command.by.kind == "patient" and command.asked_by != "patient":
        raise Rejected("not-for-patients", "A patient can cancel only on their own behalf.")
    if referral.is_closed and referral.end and referral.end.outcome in _AFTER_CARE:
        raise Conflict("closed", "The referral is closed: the patient was seen.")
    if referral.is_closed or referral.situation == "winding_down":
        return []
    return _wind_down(command, referral, _outcome(command, referral), command.asked_by, command.reason)


def close(command: CloseReferral, referral: Referral) -> list[IntakeFact]:
    """Give the referral up. If the patient was not seen, it is wound down first, so that nothing is left behind."""
    if command.outcome == "completed":
        raise Rejected("acknowledgement-completes", "A referral is completed by acknowledging its report.")
    if referral.end and referral.end.outcome == command.outcome and referral.situation in {"winding_down", "closed"}:
        return []
    if referral.is_closed:
        raise Conflict("closed", "The referral is closed with another outcome.")
    if "scheduling" in command.parked:
        raise Rejected("scheduling-parked", "What scheduling told waits unread: the patient may have been seen.")
    return _give_up(command, referral)


def expire(command: Command, referral: Referral) -> list[IntakeFact]:
    """Expire an order that was not used in time."""
    return _wind_down(command, referral, "order_expired", "system", ORDER_EXPIRED)


def died(referral: Referral) -> list[IntakeFact]:
    """Change the outcome to the patient's death while the referral is wound down, whatever the outcome was."""
    is_news = referral.end is None or referral.end.outcome != "deceased"
    return [EndChosen(End("deceased", DECEASED))] if is_news else []


def wound_down(command: Command, referral: Referral, end: End) -> ReferralClosed:
    """Close the referral once every service has released what it held. A report read meanwhile closes the loop, too."""
    final = referral.final_report
    if end.outcome == "seen_no_report" and final and final.is_acknowledged:
        return close_with(command, referral, End("completed", None), final.report_id)
    return close_with(command, referral, end, referral.evidence_of_care)


def _give_up(command: CloseReferral, referral: Referral) -> list[IntakeFact]:
    evidence = referral.evidence_of_care
    if command.outcome == "seen_no_report" and not evidence:
        raise Rejected("not-seen", "Nothing proves that the patient was seen.")
    end = End(command.outcome, command.reason)
    if referral.situation == "winding_down":
        return [EndChosen(end)]
    if evidence:
        return [close_with(command, referral, end, evidence)]
    asked_by = _WHO_MUST_HAVE_ASKED.get(command.outcome, "referrer")
    return _wind_down(command, referral, command.outcome, asked_by, command.reason)


def close_with(command: Command, referral: Referral, end: End, evidence_ref: str | None) -> ReferralClosed:
    """The last fact of a referral."""
    return ReferralClosed(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        outcome=end.outcome,
        evidence_ref=evidence_ref,
        reason=end.reason,
    )


def _wind_down(
    command: Command, referral: Referral, outcome: Outcome, asked_by: AskedBy, reason: Reason
) -> list[IntakeFact]:
    # Whoever gives a referral up says why in their own words. The others do not hear the outcome before the end, and
    # would write to a patient who has died.
    cancelled = ReferralCancelled(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        asked_by=asked_by,
        reason=DECEASED if outcome == "deceased" else reason,
    )
    return [EndChosen(End(outcome, reason)), cancelled]


def _outcome(command: CancelReferral, referral: Referral) -> Outcome:
    named = command.reason.code.replace("-", "_")
    if command.reason.system == OWN_REASONS and named in _CANCELLATIONS:
        return cast("Outcome", named)
    return "seen_no_report" if referral.evidence_of_care else _BY_WHO_ASKED[command.asked_by]
