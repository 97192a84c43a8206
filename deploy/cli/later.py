"""Sends the EHR's later messages about its orders at their hour of the story, and counts their results."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

from deploy.cli.answers import Answer, answers_of
from deploy.cli.feed import FHIR, Account
from deploy.cli.generate_later import Later, Word
from deploy.cli.reach import Reach

Became = Literal[
    "same", "supplied", "to_a_person", "cancelled", "held", "resumed", "new_order", "over_already", "refused"
]
_FOR_A_PERSON: Final = frozenset({"order-changed", "seen-already"})
_ENDED: Final = frozenset({"revoked", "entered-in-error"})
_MEANT: Final[Mapping[Word, Became]] = {
    "resent": "same",
    "supplied": "supplied",
    "changed": "to_a_person",
    "revoked": "cancelled",
    "replaced": "new_order",
    "held": "held",
    "resumed": "resumed",
    "deceased": "cancelled",
}
"""The expected result of each message."""


async def say(reach: Reach, account: Account, message: Later) -> None:
    """Send the message until it is answered, and count its result."""
    headers = {"Content-Type": "application/fhir+json"}
    response, tries = await reach.insist("intake", "POST", FHIR, content=message.body, headers=headers)
    for answer in answers_of(response):
        became = became_of(message.word, answer, tries, {*account.referrals, *account.replacing})
        account.later[message.word, became] += 1
        if became == "new_order":
            account.replacing.append(answer.referral_id)


def became_of(word: Word, answer: Answer, tries: int, known: Collection[str]) -> Became:
    """What intake made of a later word. `known` are the referrals of all orders before it.

    After a try without an answer, "was here before" may mean that try: then what was asked for was done.
    """
    if not answer.referral_id:
        return "refused"
    if answer.referral_id not in known:
        return "new_order"
    if answer.is_repeat and tries > 1:
        return _MEANT[word]
    codes = {warned.code for warned in answer.warnings}
    if codes & _FOR_A_PERSON:
        return "to_a_person"
    if answer.order_status in _ENDED:
        return "over_already" if answer.is_repeat else "cancelled"
    if answer.order_status == "on-hold":
        return "over_already" if answer.is_repeat else "held"
    return _of_what_stands(answer, codes)


def _of_what_stands(answer: Answer, codes: Collection[str]) -> Became:
    if "supplied" in codes:
        return "supplied"
    return "same" if answer.is_repeat else "resumed"


def figures(account: Account) -> Mapping[str, Any]:
    """The number of later messages, of referrals that they created, and of each result."""
    became: dict[str, dict[str, int]] = {}
    for (word, what), count in sorted(account.later.items()):
        became.setdefault(word, {})[what] = count
    totals = Counter[str]()
    for counts in became.values():
        totals.update(counts)
    return {
        "sent": account.later.total(),
        "new": len(account.replacing),
        "by_outcome": dict(sorted(totals.items())),
        "by_word": became,
    }
