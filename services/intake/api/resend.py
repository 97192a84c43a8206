"""Handles an order that comes again with other content: finds the difference under seal, decides it as one command."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from services.intake.api.keyed import Keyed
from services.intake.api.opening import open_group, seal_groups
from services.intake.api.sender import Sender
from services.intake.domain import ReceiveReferral, Referral, ReviseOrder
from services.intake.domain.content import ITEMS, MODELS, TERMS, elements_that_differ, groups_of
from services.intake.domain.order import Order
from services.intake.views import referral_of
from shared.contracts.intake import Item
from shared.contracts.language import Audience
from shared.contracts.sealed import Content
from shared.engine import CommandOutcome
from shared.errors import Busy, Stale

ATTEMPTS: Final = 5
_PARTS: Final[Mapping[Audience, str]] = {"contact": "/contact", "logistics": "/logistics"}
"""Groups that are a member of an order; the elements of the others are its own."""


async def revise(order: Order, received: ReceiveReferral, sender: Sender) -> tuple[CommandOutcome, ReviseOrder]:
    """Apply what is new in the order. Return the result and the command."""
    for _ in range(ATTEMPTS):
        document = await sender.service.read(received.referral_id)
        command = _revision(order, received, referral_of(document), sender)
        try:
            outcome = await sender.execute(received.referral_id, command, received.fingerprint, seen=document.version)
        except Stale:
            continue  # it was compared with what is not the newest any more
        return outcome, command
    raise Busy


def _revision(order: Order, received: ReceiveReferral, referral: Referral, sender: Sender) -> ReviseOrder:
    kept = _opened(referral, sender)
    come = groups_of(order)
    supplied = _supplied(order, referral)
    passed_over = {place for item in (*supplied, *_left_out(order, referral)) for place in _places(item)}
    changed = _with(supplied, kept, come)
    keyed = Keyed(sender.service.keyring, sender.tenant)
    return ReviseOrder(
        **sender.attribution(),
        placed_by=sender.placed_by,
        fingerprint=received.fingerprint,
        terms=received.terms,
        seals=received.seals,
        elements=tuple(_elements(referral, received, kept, come, passed_over)),
        supplied=supplied,
        supplied_seals=seal_groups(changed, referral.referral_id, sender.service.keyring),
        based_on=len(referral.requests),
        requester_ref=keyed.requester(order.requester) if "clinical" in changed else None,
        organization_ref=keyed.organization(order.requester) if "clinical" in changed else None,
        network_ref=keyed.network(order.policies) if "coverage" in changed else None,
    )


def _opened(referral: Referral, sender: Sender) -> dict[Audience, Content]:
    return {
        group: open_group(referral, group, sender.caller, sender.service, "compare_order")
        for group in MODELS
        if group in referral.seals
    }


def _supplied(order: Order, referral: Referral) -> tuple[Item, ...]:
    """The items that were requested and are in the order now."""
    if referral.situation != "awaiting_information":
        return ()
    return tuple(item for item in referral.missing if item in order.provided and item in ITEMS)


def _left_out(order: Order, referral: Referral) -> Iterator[Item]:
    """The items that were supplied otherwise and are still missing in the order."""
    asked = {item for request in referral.requests for item in request.items}
    return (item for item in asked if item in ITEMS and item not in order.provided)


def _places(item: Item) -> Iterator[tuple[Audience, str]]:
    group, names = ITEMS[item]
    return ((group, name) for name in names)


def _elements(
    referral: Referral,
    received: ReceiveReferral,
    kept: Mapping[Audience, Content],
    come: Mapping[Audience, Content],
    passed_over: Collection[tuple[Audience, str]],
) -> Iterator[str]:
    before: Any = referral.terms or referral
    known = TERMS if referral.terms else ("priority", "authored_at")
    yield from (f"/{name}" for name in known if getattr(before, name) != getattr(received.terms, name))
    for group, name in elements_that_differ(kept, come):
        if (group, name) not in passed_over:
            yield f"{_PARTS.get(group, '')}/{name}"


def _with(
    items: tuple[Item, ...], kept: Mapping[Audience, Content], come: Mapping[Audience, Content]
) -> dict[Audience, Content]:
    """The groups that the supplied items change: as they are kept, with nothing else of what came."""
    changed: dict[Audience, Content] = {}
    for item in items:
        group, names = ITEMS[item]
        content = changed.get(group) or kept.get(group) or come[group]
        changed[group] = content.model_copy(update={name: getattr(come[group], name) for name in names})
    return changed
