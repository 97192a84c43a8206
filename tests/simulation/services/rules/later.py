"""What the EHR said later came to what it means: taken back for its reason, held or going on, or with a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.intake.domain.state import Referral
from shared.contracts.intake import OrderChanged, ReferralCancelled, ReferralClosed
from shared.contracts.language import Fact
from tests.simulation.services.later import WITHDRAWALS, Spoken
from tests.simulation.services.rules.known import Known

CLOCKS_DIFFER = timedelta(seconds=5)
ASKED_FOR = "a request"
"""What a person may begin although the order is on hold."""
State = Mapping[str, Any]


def wrong_later(known: Known, spoken: Sequence[Spoken]) -> list[str]:
    """What is wrong with what became of later words."""
    found = []
    for key, referral in known.states("intake").items():
        said = [each for each in spoken if each.referral_id == key]
        found += [f"{key}: {what}" for what in _wrong_content(known, key, referral, {each.word for each in said})]
        found += [f"{key}: {what}" for what in _wrong_hold(known, referral, [each.word for each in said])]
        for each in said:
            if each.word in WITHDRAWALS:
                found += [f"{key} was {each.word}, {what}" for what in _wrong_end(known, referral, each)]
    return found


def _wrong_content(known: Known, key: str, referral: Referral, words: set[str]) -> list[str]:
    """Trifles change nothing, a change is told, and what was supplied is missing no more."""
    found, told = [], known.facts("intake", key, OrderChanged)
    if "changed" in words and not any("/priority" in fact.elements for fact in told):
        found.append("a change was taken in, and nobody told")
    if told and words <= {"same", "on-hold", "active"}:
        found.append(f"nothing changed, and {len(told)} changes were told")
    if "supplied" in words and referral.situation == "awaiting_information":
        found.append(f"{referral.missing} were supplied and are missing")
    return found


def _wrong_hold(known: Known, referral: Referral, words: Sequence[str]) -> list[str]:
    """It is on hold if that is what the EHR said last of it. What was ending then, and goes on after all, is not."""
    said = [word for word in words if word in ("on-hold", "active")]
    is_held = referral.held_at is not None
    was_ending = known.facts("intake", referral.referral_id, ReferralCancelled)
    if not said or was_ending or referral.is_over or is_held == (said[-1] == "on-hold"):
        return []
    return [f"the last word was {said[-1]}, and held is {is_held}"]


def _wrong_end(known: Known, referral: Referral, said: Spoken) -> list[str]:
    """It is over, or the patient was seen; and unless it was ending already, for the reason that was given."""
    if referral.evidence_of_care:
        return []
    if not referral.is_over:
        return [f"and is {referral.situation}"]
    key = said.referral_id
    cancelled: Sequence[ReferralCancelled] = known.facts("intake", key, ReferralCancelled)
    ends: Sequence[Fact] = [*cancelled, *known.facts("intake", key, ReferralClosed)]
    was_over = any(fact.occurred_at <= said.sent_at + CLOCKS_DIFFER for fact in ends)
    reasons = [fact.reason.code for fact in cancelled]
    by = said.answered_at + CLOCKS_DIFFER
    raced = any(fact.occurred_at <= by and fact.reason.code != said.word for fact in cancelled)
    return [] if was_over or raced or said.word in reasons else [f"and was cancelled for {reasons}"]


def begun_while_held(was: State, is_: State, *, is_asked: bool) -> list[str]:
    """Nothing new is begun while it is on hold: no choice, no search, no visit, no request that nobody asks for."""
    if not (was.get("is_held") and is_.get("is_held")):
        return []
    begun = [what for what, count in _BEGUN.items() if count(is_) > count(was)]
    return [f"begins {what} on hold" for what in begun if not (is_asked and what == ASKED_FOR)]


_BEGUN: Mapping[str, Callable[[State], int]] = {
    "a choice": lambda state: len(state.get("choices", ())),
    "a search": lambda state: state.get("searches", 0),
    "a visit": lambda state: len(state.get("visits", ())),
    ASKED_FOR: lambda state: (state.get("request") or {}).get("revision", 0),
}
