"""An EHR that places orders, by either door, and speaks of them later: changed, on hold, taken back, replaced.

It knows nothing of how a referral stands. What it is told about a word must be so at once, and that is checked here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from services.intake.domain import Referral
from tests.simulation.histories.outside import Body, Choose
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.services.direct_requests import Said
from tests.simulation.services.later import FHIR, OWN
from tests.simulation.services.orders import SOURCE
from tests.support.outside.ehr import Identifier, bundle, changed, completed, same, typed

NUMBERS = ("O-1", "O-2", "O-3")
WORDS = (
    *("on-hold", "on-hold", "active", "active", "same", "changed", "supplied", "known by two numbers", "replaced"),
    *("revoked", "entered-in-error", "deceased"),
)
"""What is said later: what leaves something to do more often than what ends it."""
IN_FHIR_ALONE = ("on-hold", "revoked", "entered-in-error", "deceased")


@dataclass(frozen=True)
class Message:
    """What the EHR sends: by which door, with what body; which word that is, and of which order."""

    path: str
    body: Body
    word: str
    order: Body

    @property
    def request(self) -> httpx2.Request:
        """As it goes out. FHIR is what the EHR itself speaks; our own JSON, whoever works at the practice."""
        who = "ehr:main-ehr" if self.path == FHIR else "clinician:sam.clinician"
        headers = {"Authorization": f"Bearer {who}"}
        return httpx2.Request("POST", f"http://intake.example{self.path}", json=self.body, headers=headers)


@dataclass
class Ehr:
    """`placed` is by referral what was said of it first."""

    house: SteppedServices
    placed: dict[str, Body] = field(default_factory=dict)

    def places(self, order: Body, choose: Choose[Any]) -> Message:
        """An order, by either door, perhaps under two numbers."""
        if choose((OWN, OWN, FHIR)) == OWN:
            return Message(OWN, order, "active", order)
        return Message(FHIR, bundle(order, choose(_names(order))), "active", order)

    def says(self, word: str, choose: Choose[Any]) -> Message:
        """A later word about an order."""
        order = self.placed[choose(sorted(self.placed))]
        if word in IN_FHIR_ALONE:
            names = choose([*_names(order)[:1] * 4, *_names(order), *(names[1:] for names in _names(order)[1:])])
            if word == "deceased":
                return Message(FHIR, bundle(order, names, deceasedBoolean=True), word, order)
            return Message(FHIR, bundle(order, names, word), word, order)
        if word == "known by two numbers":
            return Message(FHIR, bundle(order, choose(_names(order)[1:])), word, order)
        if word == "replaced":
            other = {**order, "order_number": choose([n for n in NUMBERS if n != order["order_number"]])}
            return Message(FHIR, bundle(other, _names(other)[0], replaces=_names(order)[0]), word, other)
        said = CHANGES[word](order)
        return self.places(said, choose) if word == "changed" else Message(OWN, said, word, order)

    def resumes(self) -> Sequence[Message]:
        """Every order that rests is active again."""
        return [
            Message(OWN, order, "active", order)
            for key, order in self.placed.items()
            if self.house.state("intake", key).held_at
        ]

    def is_answered(self, message: Message, said: Said) -> str | None:
        """Remember what was placed. Return what is wrong with a word that was taken."""
        key = said.body["id" if message.path == FHIR else "referral_id"]
        if key not in set(self.house.referrals()):
            return f"{message.word} was taken for {key}, which is no referral"
        self.placed.setdefault(key, message.order)
        referral = self.house.state("intake", key)
        if not _is_heeded(message.word, referral):
            return f"{message.word} was taken, and {key} is {referral.situation}, held: {referral.held_at}"
        return None


def _names(order: Body) -> tuple[tuple[Identifier, ...], ...]:
    number = typed("PLAC", SOURCE, order["order_number"])
    return (number,), (number, typed("FILL", SOURCE, "F-1")), (number, typed("FILL", SOURCE, "F-2"))


CHANGES: Mapping[str, Callable[[Body], Body]] = {
    "active": dict,
    "same": same,
    "changed": changed,
    "supplied": completed,
}
"""What becomes of an order that comes once more as one to be carried out."""
HEEDED: Mapping[str, Callable[[Referral], Any]] = {
    "on-hold": lambda referral: referral.held_at or referral.is_over,
    **{word: lambda referral: not referral.held_at for word in ("active", "same", "changed", "supplied", "replaced")},
    "revoked": lambda referral: referral.is_over or referral.is_revoked,
    "entered-in-error": lambda referral: referral.is_over or referral.is_revoked,
    "deceased": lambda referral: referral.is_closed or (referral.end and referral.end.outcome == "deceased"),
}
"""What must be so as soon as a word was taken."""


def _is_heeded(word: str, referral: Referral) -> bool:
    return bool(HEEDED[word](referral)) if word in HEEDED else True
