"""What is sent: invented orders by either door, a telephone number to each, some of them cancelled later. Pure."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Final

from deploy.cli.generate_fhir import bundle
from deploy.cli.generate_own import own_json
from deploy.cli.invented import Invented, invent
from deploy.platform.telephones import KEPT, telephone

_PATHS: Final = {"fhir": "/fhir/R4", "own": "/v1/referrals"}
MOST: Final = KEPT
"""As many telephone numbers are kept for fiction, and what a number got can be counted by it."""
_CANCELLED_ONE_IN, _WITHOUT_COVERAGE_ONE_IN = 12, 15


@dataclass(frozen=True)
class Order:
    """One request to intake, the number of the patient's telephone, and whether somebody will cancel it."""

    number: int
    path: str
    body: bytes
    phone: str
    is_cancelled: bool


def order(seed: int, number: int, now: datetime) -> Order:
    """The order of that number (from 0), written shortly before `now`."""
    chance = Random(f"{seed}/{number}")
    phone = telephone(number)
    invented = replace(invent(chance, f"CHAOS-{number:06}", now), phone=phone)
    if chance.randrange(_WITHOUT_COVERAGE_ONE_IN) == 0:
        invented = replace(invented, payer=None)
    door = chance.choice(tuple(_PATHS))
    return Order(number, _PATHS[door], _written(door, invented), phone, chance.randrange(_CANCELLED_ONE_IN) == 0)


def _written(door: str, invented: Invented) -> bytes:
    document = bundle(invented) if door == "fhir" else own_json(invented)
    return json.dumps(document).encode()
