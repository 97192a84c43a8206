"""The task of each situation, and the task that replaces it when its due time passes."""

from datetime import datetime
from typing import Final

from services.intake.domain import deadlines
from services.intake.domain.state import KeptReport, Referral, Review
from shared.business_days import after_business_days
from shared.contracts.language import Priority, Reason, Task

OWN_REASONS: Final = "throughline"
"""The system of reason codes that are ours. One that names an outcome is its words, joined by hyphens."""


def check_completeness(at: datetime) -> Task:
    """Received, and not yet looked at: only ever for the moment in between."""
    return Task.of("check_completeness", "system", "intake", at + deadlines.CHECK_WITHIN)


def supply_information(priority: Priority, at: datetime) -> Task:
    """Task of the referring clinician: supply what is missing."""
    return Task.of("supply_information", "clinician", "intake", deadlines.answer_due(priority, at))


def complete_referral(needed_by: datetime) -> Task:
    """Backstop task while the other services work: each of their own tasks is due earlier."""
    return Task.of("complete_referral", "coordinator", "coordination", needed_by)


def return_report(priority: Priority, seen_at: datetime) -> Task:
    """Task of the specialist: send the report."""
    return Task.of("return_report", "specialist", "reports", deadlines.report_due(priority, seen_at))


def acknowledge_report(at: datetime) -> Task:
    """Task of the referring clinician: read the report."""
    return Task.of("acknowledge_report", "clinician", "reports", after_business_days(at, 3))


def wind_down(at: datetime) -> Task:
    """Task of the other services: release what they hold."""
    return Task.of("wind_down", "system", "coordination", at + deadlines.WIND_DOWN_WITHIN)


def choose_pathway(priority: Priority, at: datetime) -> Task:
    """Task of a coordinator: choose the pathway, by the time at which an answer would be due."""
    return Task.of("choose_pathway", "coordinator", "intake", deadlines.answer_due(priority, at))


def review_changed_order(priority: Priority, review: Review) -> Task:
    """Task of a coordinator: review how the order changed."""
    cause = Reason(system=OWN_REASONS, code=review.cause)
    due_at = deadlines.answer_due(priority, review.since)
    return Task.of("review_changed_order", "coordinator", "intake", due_at, cause=cause)


def clear_hold(held_at: datetime) -> Task:
    """Task of a coordinator: find out what an order on hold waits for."""
    due_at = after_business_days(held_at, deadlines.HOLD_BUSINESS_DAYS)
    return Task.of("clear_hold", "coordinator", "intake", due_at)


def match_report(kept: KeptReport) -> Task:
    """Task of a coordinator: say whether a report belongs to this referral."""
    cause = Reason(system=OWN_REASONS, code=kept.cause)
    due_at, about = after_business_days(kept.since, 1), (kept.report.report_id,)
    return Task.of("match_report", "coordinator", "reports", due_at, about=about, cause=cause)


def deliver_report(due_at: datetime) -> Task:
    """Task of a coordinator: bring the report to the referring clinician."""
    return Task.of("deliver_report", "coordinator", "reports", due_at)


def handed_on(referral: Referral, at: datetime) -> Task:
    """The task that a coordinator gets when waiting was in vain."""
    act, queue, days = _INSTEAD[referral.task.act]
    return Task.of(act, "coordinator", queue, after_business_days(at, days))


_INSTEAD = {
    "supply_information": ("obtain_information", "intake", 1),
    "return_report": ("chase_report", "reports", 3),
    "acknowledge_report": ("obtain_acknowledgement", "reports", 2),
    "wind_down": ("complete_referral", "coordination", 2),
}
"""By task that was not done: the coordinator's task, its queue, and its business days."""
