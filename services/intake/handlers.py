"""What intake makes of what scheduling tells: whether a visit stands under the order, and that the patient was seen."""

from collections.abc import Mapping

from services.intake.domain import HoldForVisit, RecordVisit, ReleaseVisit
from shared.contracts.language import Fact
from shared.contracts.scheduling import VisitBooked, VisitCancelled, VisitFulfilled, VisitMissed
from shared.messaging.receive import Heard, Reaction


def on_visit_booked(fact: VisitBooked, heard: Heard) -> HoldForVisit:
    """A visit stands under the order; it may replace another."""
    return HoldForVisit(at=heard.at, by=heard.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_cancelled(fact: VisitCancelled, heard: Heard) -> ReleaseVisit:
    """The visit will not take place."""
    return ReleaseVisit(at=heard.at, by=heard.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_missed(fact: VisitMissed, heard: Heard) -> ReleaseVisit:
    """The visit did not take place."""
    return ReleaseVisit(at=heard.at, by=heard.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_fulfilled(fact: VisitFulfilled, heard: Heard) -> RecordVisit:
    """The patient was seen, at the time that the fact names."""
    return RecordVisit(at=heard.at, by=heard.by, channel="kafka", visit_id=fact.visit_id, seen_at=fact.occurred_at)


def reactions() -> Mapping[type[Fact], Reaction]:
    """What is heard, and what is done about it."""
    return {
        VisitBooked: on_visit_booked,
        VisitCancelled: on_visit_cancelled,
        VisitMissed: on_visit_missed,
        VisitFulfilled: on_visit_fulfilled,
    }
