"""What must be true in the end: everything was heard, nobody does anything any more, and all that could lapse has."""

from collections.abc import Iterator

from deploy.platform import registry
from services.scheduling.domain import Placement
from services.tracking.domain.precedence import OUR_PEOPLE, rank
from tests.simulation.histories.invariants import is_open, tasks
from tests.simulation.histories.stepped_services import SteppedServices


def disagreements(house: SteppedServices) -> Iterator[str]:
    """Where services do not agree, and who was left with nobody."""
    for key in house.referrals():
        yield from _unheard(house, key)
        yield from _ends(house, key)
        yield from _orders(house, key)
        if is_open(house, key) and not any(rank(task) <= OUR_PEOPLE for _, task in tasks(house, key)):
            yield f"{key} is open and with no person: {tasks(house, key)}"
    for place in house.places:
        for key, document in house.documents(place).items():
            if document.outbox or document.is_parked:
                yield f"{place.collection} {key} did not come to rest"


def _unheard(house: SteppedServices, key: str) -> Iterator[str]:
    for reader, sources in registry.consumes().items():
        document = house.document(reader, key)
        for source in sources:
            told, seen = len(house.told.get((source, key), ())), document.seen.get(source, 0) if document else 0
            if seen != told:
                yield f"{reader} has seen {seen} of {told} facts of {source} on {key}"


def _orders(house: SteppedServices, key: str) -> Iterator[str]:
    referral, case, placement = (house.state(service, key) for service in ("intake", "authorization", "scheduling"))
    if {case.is_held, placement.is_held} != {referral.held_at is not None}:
        yield f"{key} is on hold since {referral.held_at}, and others disagree"
    if {case.pathway, placement.order.pathway} != {referral.pathway}:
        yield f"{key} takes {referral.pathway}, and others disagree"


def _ends(house: SteppedServices, key: str) -> Iterator[str]:
    referral = house.state("intake", key)
    case, conversation = house.state("authorization", key), house.state("notifications", key)
    placement: Placement = house.state("scheduling", key)
    track = house.state("tracking", key)
    is_closed = referral.is_closed
    closed = {
        "authorization": case.ending == "closed",
        "scheduling": placement.ended is not None and is_closed,
        "notifications": conversation.is_closed,
        "tracking": track.progress.outcome is not None,
    }
    if wrong := [service for service, is_so in closed.items() if is_so != is_closed]:
        yield f"{key} is {referral.situation} in intake, and {wrong} disagree"
    if is_closed and track.progress.outcome != referral.end.outcome:
        yield f"{key} ended as {referral.end.outcome}, tracking says {track.progress.outcome}"
    if is_closed and placement.visit and not placement.fulfilled and placement.visit.attempt.slot.starts_at > house.now:
        yield f"{key} is closed and its visit still stands"
    at_payer = [task for service, task in tasks(house, key) if service == "authorization"]
    if is_closed and (placement.seeking or any(task.act != "withdraw_request" for task in at_payer)):
        yield f"{key} is closed and somebody still works on it: {tasks(house, key)}"
