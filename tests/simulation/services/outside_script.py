"""How payers, offices and the EHR behave: a function of the identifier, so that it is the same whatever was killed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from deploy.platform.telephones import KEPT, telephone
from deploy.simulators.behaviour import between, draw
from tests.support.outside.counterparties import Filed
from tests.support.outside.ehr import SUPPLIES

Body = Mapping[str, Any]
SEED = "simulation"
SHARES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "eligibility": (("1", 85), ("6", 8), ("V", 7)),
    "auth_required": (("Y", 70), ("N", 20), ("U", 10)),
    "authorizations": (
        ("A1", 40),
        ("A4 A1", 25),
        ("A4 A3", 8),
        ("A4", 6),
        ("A3", 7),
        ("A2", 4),
        ("A6", 3),
        ("CT", 3),
        ("NA", 3),
        ("Z9", 1),
    ),
    "requests": (("accepted", 70), ("declined", 20), ("", 10)),
    "appointments": (("fulfilled", 65), ("missed", 25), ("", 10)),
    "report": (("final", 70), ("interim final", 15), ("", 15)),
    "information-requests": (("supplies", 75), ("", 25)),
    "reports": (("acknowledges", 80), ("", 20)),
    "sms": (("delivered", 80), ("undelivered", 15), ("", 5)),
    "later": (
        ("on-hold active", 9),
        ("on-hold", 3),
        ("on-hold revoked", 3),
        ("changed on-hold active", 2),
        ("same changed", 4),
        ("supplied", 5),
        ("revoked", 5),
        ("entered-in-error", 2),
        ("deceased", 3),
        ("superseded", 3),
        ("", 61),
    ),
}
"""Per kind the behaviours, each with its share in percent; an empty one is silence."""
REASON = {"system": "urn:throughline:simulation", "code": "it-is-so"}


def supplied(code: str, referral_id: str) -> Any:
    """What a referral lacked; a telephone number is the patient's own."""
    if code == "contact":
        return {"phone": telephone(between(SEED, code, referral_id, (0, KEPT - 1)))}
    return SUPPLIES[code]


def behaviour(kind: str, identifier: str) -> str:
    """How the outside behaves towards an identifier."""
    rest = draw(SEED, kind, identifier) * 100
    for name, share in SHARES[kind]:
        rest -= share
        if rest < 0:
            return name
    return SHARES[kind][-1][0]


class ById:
    """The script of the simulation."""

    def behaves(self, filed: Filed, purpose: str) -> str:
        """By what is filed alone."""
        return behaviour(purpose, filed.id)

    def takes(self, filed: Filed, purpose: str, low: int, high: int) -> timedelta:
        """By what is filed, too."""
        return timedelta(hours=between(SEED, purpose, filed.id, (low, high)))

    def supplies(self, code: str, referral_id: str) -> Any:
        """The patient's own."""
        return supplied(code, referral_id)

    def says(self, filed: Filed, purpose: str, body: Body) -> Body:
        """A denial has a reason; nothing else is said beside."""
        del filed
        return {**body, "reason": REASON} if purpose == "decision" and body["action"] == "A3" else body
