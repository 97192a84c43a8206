"""What an EHR says of its orders later: the same again, changed, taken back, replaced, on hold, active again.

What it says is a function of the referral, so that it is the same whatever was killed; each word follows the answer to
the one before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.simulators.behaviour import between
from tests.simulation.cluster import Cluster
from tests.simulation.services.connections import Doors
from tests.simulation.services.outside_script import SEED, behaviour
from tests.support.outside.ehr import bundle, changed, completed, number_of, same, word_of

OWN, FHIR = "/v1/referrals", "/fhir/R4"
Order = Mapping[str, Any]
Says = Callable[[Order], tuple[str, Mapping[str, Any]]]
"""By which door, and what."""
WITHDRAWALS = ("revoked", "entered-in-error", "deceased", "superseded")


@dataclass(frozen=True)
class Spoken:
    """A word that was answered: of which referral, and the business times between which it was said and heard."""

    referral_id: str
    word: str
    sent_at: datetime
    answered_at: datetime


@dataclass
class Ehr:
    """Speaks of orders later, and keeps what was answered."""

    cluster: Cluster
    doors: Doors
    spoken: list[Spoken] = field(default_factory=list)

    async def say(self, referral_id: str, order: Order, word: str) -> Order:
        """Say one word of an order that was taken in, until it is answered. Return the order that counts now."""
        sent_at = self.cluster.disk.now()
        said = _successor(order, sent_at) if word == "superseded" else order
        path, body = SAYS[word](said)
        await self.doors.ask(self.doors.by_person("clinician", "intake", path, body, "unused"))
        self.spoken.append(Spoken(referral_id, word, sent_at, self.cluster.disk.now()))
        return said


def words_of(referral_id: str) -> Sequence[str]:
    """What is said of an order after its first message, in turn."""
    return behaviour("later", referral_id).split()


def hours_before(referral_id: str, word: str) -> int:
    """After how many hours a word follows what came before: mostly soon, else days."""
    return between(SEED, f"hours before {word}", referral_id, (0, 8)) ** 2


def _successor(order: Order, now: datetime) -> Order:
    """The order that takes the place of another: the same, written now under a number of its own."""
    number = order["order_number"]
    return {**order, "order_number": f"{number}-R", "authored_at": now.isoformat(), "replaces": number}


def _again(changes: Callable[[Order], Order]) -> Says:
    return lambda order: (OWN, changes(order))


def _in_fhir(status: str, **patient: Any) -> Says:
    return lambda order: (FHIR, word_of(order, status, **patient))


SAYS: Mapping[str, Says] = {
    "same": _again(same),
    "changed": _again(changed),
    "supplied": _again(completed),
    "active": lambda order: (OWN, order),
    "on-hold": _in_fhir("on-hold"),
    "revoked": _in_fhir("revoked"),
    "entered-in-error": _in_fhir("entered-in-error"),
    "superseded": lambda order: (FHIR, bundle(order, [number_of(order)], replaces=[number_of(order, "replaces")])),
    "deceased": _in_fhir("active", deceasedBoolean=True),
}
