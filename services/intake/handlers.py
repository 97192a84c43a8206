"""Translates scheduling's facts into commands: who was chosen, whether there is a visit, who was seen."""

from collections.abc import Mapping

from services.intake.domain import HoldForVisit, NoteChoice, RecordVisit, ReleaseVisit
from shared.contracts.language import Fact
from shared.contracts.scheduling import ProviderChosen, VisitBooked, VisitCancelled, VisitFulfilled, VisitMissed
from shared.messaging.inbox import EventContext, Reaction


def on_provider_chosen(fact: ProviderChosen, context: EventContext) -> NoteChoice:
    """A chosen provider becomes the one whose reports are expected."""
    return NoteChoice(
        at=context.at,
        by=context.by,
        channel="kafka",
        choice=fact.choice,
        provider_ref=fact.provider_ref,
        site_ref=fact.site_ref,
    )


def on_visit_booked(fact: VisitBooked, context: EventContext) -> HoldForVisit:
    """A booked visit may replace another."""
    return HoldForVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_cancelled(fact: VisitCancelled, context: EventContext) -> ReleaseVisit:
    """A cancelled visit will not take place."""
    return ReleaseVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_missed(fact: VisitMissed, context: EventContext) -> ReleaseVisit:
    """A missed visit did not take place."""
    return ReleaseVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id)


def on_visit_fulfilled(fact: VisitFulfilled, context: EventContext) -> RecordVisit:
    """The patient was seen, at the time that the fact names."""
    return RecordVisit(at=context.at, by=context.by, channel="kafka", visit_id=fact.visit_id, seen_at=fact.occurred_at)


def reactions() -> Mapping[type[Fact], Reaction]:
    """The reaction to each consumed fact."""
    return {
        ProviderChosen: on_provider_chosen,
        VisitBooked: on_visit_booked,
        VisitCancelled: on_visit_cancelled,
        VisitMissed: on_visit_missed,
        VisitFulfilled: on_visit_fulfilled,
    }
