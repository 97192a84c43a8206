"""Decides about incoming orders: receives them, asks for what is missing, and finds them complete."""

from typing import Final

from services.intake.domain import deadlines
from services.intake.domain.commands import ChoosePathway, ReceiveReferral, RedirectOrder, SupplyInformation
from services.intake.domain.facts import ContentNoted, IntakeFact, NumberNoted, OrderRedirected, PathwayAwaited
from services.intake.domain.state import UNKNOWN_PATHWAY, Absent, Redirect, Referral, State
from shared.contracts.intake import (
    InformationRequested,
    InformationSupplied,
    Item,
    PathwayChosen,
    ReferralFoundComplete,
    ReferralReceived,
)
from shared.contracts.language import Command
from shared.errors import Conflict, NotFound, Rejected, Stale

REQUIRED: Final[tuple[Item, ...]] = (
    *("diagnosis", "contact", "coverage", "requester", "service", "name", "birth_date"),
)
"""The data without which a referral cannot continue: payers and offices must know whom it is about, too."""
OTHER_CONTENT: Final = "other-content"
MOST_NUMBERS: Final = 20
"""A limit, because a document has a maximum size. An issuer of more numbers has a defect."""
ELSEWHERE: Final = "elsewhere"
"""The code by which a command learns that the order's referral is under another id."""


def request_id(referral_id: str, n: int) -> str:
    """The id of a referral's nth request for information, here and at the EHR."""
    return f"{referral_id}-i{n}"


def receive(command: ReceiveReferral, state: State) -> list[IntakeFact]:
    """Take an order in, once."""
    if isinstance(state, Redirect):
        raise Rejected(ELSEWHERE, "This is another name of an order that was taken in before.")
    if isinstance(state, Referral):
        require_own(command.placed_by, state)
        if not state.knows(command.fingerprint, *command.former_fingerprints):
            raise Conflict(OTHER_CONTENT, "This order was taken in before, with other content.")
        return [*_claimed(command, state), *_numbered(command, state)]
    missing = tuple(item for item in REQUIRED if item not in command.provided)
    noted = ContentNoted(command.fingerprint, command.terms, command.placed_by)
    following = _check(command, command.referral_id, missing, 1, has_pathway=command.pathway is not None)
    return [_received(command), noted, NumberNoted(command.number), following]


def require_own(placed_by: str | None, referral: Referral) -> None:
    """Raise Conflict where one EHR sends a message about another's order."""
    if placed_by and referral.placed_by not in (None, placed_by):
        raise Conflict("other-party", "This order number is in use by somebody else.")


def redirect(command: RedirectOrder, state: State) -> list[IntakeFact]:
    """Make another name lead to the referral. A name that has a referral of its own keeps it."""
    if isinstance(state, Absent):
        return [OrderRedirected(command.to)]
    if isinstance(state, Redirect) and state.to == command.to:
        return []
    raise Rejected(ELSEWHERE, "This name leads to another referral.")


def supply(command: SupplyInformation, referral: Referral) -> list[IntakeFact]:
    """Take what is still missing, whichever request it answers. What is no longer missing changes nothing."""
    if command.request_id not in {request.request_id for request in referral.requests}:
        raise NotFound("unknown-request", "This was never asked for.")
    useful = tuple(item for item in command.items if item in referral.missing)
    if referral.situation != "awaiting_information" or not useful:
        return []
    if command.based_on != len(referral.requests):
        raise Stale("stale", "Something else was supplied meanwhile, which these seals would cover up.")
    missing = tuple(item for item in referral.missing if item not in useful)
    supplied = InformationSupplied(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        request_id=command.request_id,
        items=useful,
        seals=dict(command.seals),
        requester_ref=command.requester_ref,
        organization_ref=command.organization_ref,
        network_ref=command.network_ref,
    )
    n = len(referral.requests) + 1
    return [supplied, _check(command, referral.referral_id, missing, n, has_pathway=referral.has_pathway)]


def choose_pathway(command: ChoosePathway, referral: Referral) -> list[IntakeFact]:
    """Record the pathway that a person chose; then the other services may begin."""
    if referral.pathway == command.pathway:
        return []
    if referral.has_pathway:
        raise Conflict("pathway-known", "The referral has a pathway already.")
    if referral.is_over:
        raise Conflict("closed", "The referral is not wanted any more.")
    chosen = PathwayChosen(
        **vars(command.attribution),
        referral_id=referral.referral_id,
        pathway=command.pathway,
        pathway_version=command.pathway_version,
        priority=referral.priority,
    )
    if referral.situation != "awaiting_pathway":
        return [chosen]
    return [chosen, ReferralFoundComplete(**vars(command.attribution), referral_id=referral.referral_id)]


def _claimed(command: ReceiveReferral, referral: Referral) -> list[IntakeFact]:
    """The sender of an identical order becomes its placer, if no placer is known."""
    is_claimed = command.placed_by is not None and referral.placed_by is None
    return [ContentNoted(command.fingerprint, placed_by=command.placed_by)] if is_claimed else []


def _numbered(command: ReceiveReferral, referral: Referral) -> list[IntakeFact]:
    if command.number in referral.numbers:
        return []
    if len(referral.numbers) >= MOST_NUMBERS:
        raise Rejected("too-many-numbers", f"An order takes {MOST_NUMBERS} numbers at most.")
    return [NumberNoted(command.number)]


def _received(command: ReceiveReferral) -> ReferralReceived:
    terms = command.terms
    # The clock of an EHR may be ahead of ours: an order cannot have been written after it came.
    began = min(terms.authored_at, command.at)
    from_then = max(began, terms.not_before) if terms.not_before else began
    return ReferralReceived(
        **vars(command.attribution),
        referral_id=command.referral_id,
        patient_ref=command.patient_ref,
        priority=terms.priority,
        authored_at=terms.authored_at,
        needed_by=terms.needed_by or from_then + deadlines.NEEDED_WITHIN[terms.priority],
        order_expires_at=terms.expires_at or began + deadlines.ORDER_VALID_FOR,
        not_before=terms.not_before,
        pathway=command.pathway or UNKNOWN_PATHWAY,
        pathway_version=command.pathway_version if command.pathway else 0,
        parent=command.parent,
        seals=dict(command.seals),
        requester_ref=command.requester_ref,
        organization_ref=command.organization_ref,
        network_ref=command.network_ref,
    )


def _check(command: Command, referral_id: str, missing: tuple[Item, ...], n: int, *, has_pathway: bool) -> IntakeFact:
    """Find the referral complete, or ask for the nth time. What a person must choose is waited for last."""
    if not missing and not has_pathway:
        return PathwayAwaited(command.at)
    if not missing:
        return ReferralFoundComplete(**vars(command.attribution), referral_id=referral_id)
    return InformationRequested(
        **vars(command.attribution),
        referral_id=referral_id,
        request_id=request_id(referral_id, n),
        items=missing,
        asked_of="referrer",
    )
