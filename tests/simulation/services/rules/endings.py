"""All services know the same end; what is cancelled leaves nothing behind; what is open is with somebody of ours."""

from services.authorization.domain import Case
from services.intake.domain.state import Referral
from services.notifications.domain import Conversation, tasks
from services.scheduling.domain import Placement
from shared.contracts.authorization import AuthorizationDenied
from shared.contracts.intake import ReferralCancelled, ReferralClosed
from shared.contracts.notifications import MessageFailed, MessageSent
from shared.contracts.scheduling import VisitFulfilled
from tests.simulation.services.rules.known import Known
from tests.support.tasks import only

BACKSTOPS = ("complete_referral", "use_authorization")
"""Steps that say by when all others must have led somewhere: alone, they are with nobody."""
OUR_PEOPLE = ("coordinator", "nurse", "clinician")
SEEN = ("completed", "seen_no_report")
ANNOUNCING = ("visit_booked", "visit_moved")


def wrong_endings(known: Known) -> list[str]:
    """What is wrong with how referrals ended, or with those that did not."""
    found = []
    for key, referral in known.states("intake").items():
        found += [f"{key}: {what}" for what in _disagreements(known, key, referral)]
        if known.facts("intake", key, ReferralCancelled) and not _was_seen(known, key, referral):
            found += [f"{key} was cancelled, and {what}" for what in _left_behind(known, key)]
        if not referral.is_closed:
            found += [f"{key} is {referral.situation}, and {what}" for what in _with_nobody(known, key)]
    return found


def _was_seen(known: Known, key: str, referral: Referral) -> bool:
    is_said = referral.end is not None and referral.end.outcome in SEEN
    return is_said or bool(known.facts("scheduling", key, VisitFulfilled))


def _disagreements(known: Known, key: str, referral: Referral) -> list[str]:
    """Each service's state says of the referral what its owner says."""
    is_cancelled = bool(known.facts("intake", key, ReferralCancelled))
    is_closed = bool(known.facts("intake", key, ReferralClosed))
    case: Case = known.state("authorization", key)
    placement: Placement = known.state("scheduling", key)
    conversation: Conversation = known.state("notifications", key)
    provider = placement.choices[-1] if placement.choices else None
    same = {
        "placement ended": (placement.ended is not None, is_cancelled or is_closed),
        "case ended": (case.ending, "closed" if is_closed else "cancelled" if is_cancelled else "open"),
        "conversation cancelled": (conversation.cancelled_at is not None, is_cancelled),
        "conversation closed": (conversation.is_closed, is_closed),
        "track closed": (known.state("tracking", key).standing.situation == "closed", is_closed),
        "seen, says the case": (case.is_used, _was_seen(known, key, referral)),
        "provider": (case.provider and case.provider.provider_ref, provider and provider.provider_ref),
        "booked, says the conversation": (
            {visit.visit_id for visit in conversation.visits if visit.status == "booked"},
            {visit.visit_id for visit in placement.visits if visit.fate == "booked"},
        ),
        "booked, says the referral": (
            is_closed or referral.visit_id,
            is_closed or (placement.visit and placement.visit.visit_id),
        ),
    }
    if not referral.is_over:
        is_held = referral.held_at is not None
        same |= {"held, says the case": (case.is_held, is_held), "placement held": (placement.is_held, is_held)}
    return [f"{name}: {said}, and not {meant}" for name, (said, meant) in same.items() if said != meant]


def _left_behind(known: Known, key: str) -> list[str]:
    """A request that stands at an office or a payer, or a patient who was told of a visit and not of its end."""
    denied = {fact.request_id for fact in known.facts("authorization", key, AuthorizationDenied)}
    found = [
        f"{filed.keeper} still has {filed.kind} {filed.id}"
        for filed in known.outside.filed.values()
        if filed.kind in ("authorizations", "requests") and filed.asked["referral_id"] == key
        if filed.is_alive and filed.id not in denied
    ]
    conversation: Conversation = known.state("notifications", key)
    failed = {fact.message_id for fact in known.facts("notifications", key, MessageFailed)}
    sent = known.facts("notifications", key, MessageSent)
    told = [fact.kind for fact in sent if fact.message_id not in failed]
    if any(kind in ANNOUNCING for kind in told) and not _is_told_of_the_end(conversation):
        found.append(f"the patient was told {told}")
    return found


def _is_told_of_the_end(conversation: Conversation) -> bool:
    """By a message that went, or by a person; one who cannot be reached, or died, is not told."""
    said = [message.notice.kind for message in conversation.messages if message.was_sent]
    said += [notice.kind for notice in (*conversation.phoned, *conversation.lapsed)]
    return "referral_cancelled" in said or conversation.is_silent or only(tasks(conversation)) is not None


def _with_nobody(known: Known, key: str) -> list[str]:
    """Nothing moves any more: whatever outsiders and the system were to do by then is a person's now."""
    step = known.state("tracking", key).standing.next
    if step is None or step.owner not in OUR_PEOPLE or step.act in BACKSTOPS:
        return [f"waits for nobody of ours: {step}"]
    return []
