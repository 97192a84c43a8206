"""Who must do what by when, per situation; and who takes over when that was in vain."""

from datetime import datetime

from services.intake.domain import deadlines
from services.intake.domain.state import Referral
from shared.business_days import after_business_days
from shared.contracts.language import Priority, Step


def check_completeness(at: datetime) -> Step:
    """Received, and not yet looked at: only ever for the moment in between."""
    return Step(act="check_completeness", owner="system", queue="intake", due_at=at + deadlines.CHECK_WITHIN)


def supply_information(priority: Priority, at: datetime) -> Step:
    """The referring clinician answers."""
    return Step(act="supply_information", owner="clinician", queue="intake", due_at=deadlines.answer_due(priority, at))


def complete_referral(needed_by: datetime) -> Step:
    """The backstop while the other services work: each of their steps is nearer."""
    return Step(act="complete_referral", owner="coordinator", queue="coordination", due_at=needed_by)


def return_report(priority: Priority, seen_at: datetime) -> Step:
    """The specialist writes."""
    return Step(
        act="return_report", owner="specialist", queue="reports", due_at=deadlines.report_due(priority, seen_at)
    )


def acknowledge_report(at: datetime) -> Step:
    """The referring clinician reads."""
    return Step(act="acknowledge_report", owner="clinician", queue="reports", due_at=after_business_days(at, 3))


def wind_down(at: datetime) -> Step:
    """The other services give back what they hold."""
    return Step(act="wind_down", owner="system", queue="coordination", due_at=at + deadlines.WIND_DOWN_WITHIN)


def deliver_report(due_at: datetime) -> Step:
    """A person brings the report to the referring clinician."""
    return Step(act="deliver_report", owner="coordinator", queue="reports", due_at=due_at)


def handed_on(referral: Referral, at: datetime) -> Step:
    """What a coordinator does after waiting was in vain."""
    act, queue, days = _INSTEAD[referral.step.act]
    return Step(act=act, owner="coordinator", queue=queue, due_at=after_business_days(at, days))


_INSTEAD = {
    "supply_information": ("obtain_information", "intake", 1),
    "return_report": ("chase_report", "reports", 3),
    "acknowledge_report": ("obtain_acknowledgement", "reports", 2),
    "wind_down": ("complete_referral", "coordination", 2),
}
"""What was waited for -> what a coordinator does instead, in which queue, within how many business days."""
