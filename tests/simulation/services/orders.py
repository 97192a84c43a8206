"""The orders of one run: some complete, some not, two of them of one patient."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from deploy.platform.telephones import telephone
from deploy.simulators.behaviour import draw
from tests.support.five_services.keyrings import TENANT, keyring

CANARY = "Canarysample"
"""The family name of every patient: it must never be seen outside a seal."""
SOURCE = "urn:sample:orders"
LACKING = 0.12
NAMED, NAMELESS = "208D00000X", "208D00001X"
UNNAMED = 0.05
"""How many orders ask for what no pathway is named for: a person chooses one."""
RUSHED = timedelta(days=2)
"""Until then our own provider has one time free."""
LACKS = ("requester", "diagnoses", "coverage", "phone", "email")
PAYERS = ("Medicare", "Alder Valley", "Bluecedar Mutual", "Some Unheard-of Plan")


def orders(random: Random, now: datetime, *, is_rush: bool) -> list[tuple[float, Mapping[str, Any]]]:
    """A few orders, in our own JSON, and after how many seconds each comes; in a rush all want the next visit."""
    if is_rush:
        rush = {"priority": "stat", "needed_by": (now + RUSHED).isoformat()}
        return [(0.0, {**_whole(random, now, 2 * n), **rush}) for n in range(3)]
    return [(random.expovariate(1.0), _order(random, now, n)) for n in range(random.choice([1, 2, 2, 3]))]


def some_orders(random: Random, now: datetime, first: int, count: int) -> list[Mapping[str, Any]]:
    """So many orders at once. Others with another `first` are of other patients."""
    return [_order(random, now, n) for n in range(first, first + count)]


def referral_id(order: Mapping[str, Any]) -> str:
    """The referral that an order becomes."""
    return keyring("intake").referral_id(TENANT, SOURCE, order["order_number"])


def _order(random: Random, now: datetime, n: int) -> dict[str, Any]:
    """An order that may lack something."""
    order = _whole(random, now, n)
    for part in LACKS:
        if random.random() < LACKING:
            (order["patient"] if part in order["patient"] else order).pop(part, None)
    if "coverage" not in order and random.random() < 0.5:
        order["declared_self_pay"] = True
    return order


def _service_of(number: str) -> str:
    """Mostly what a pathway is named for."""
    return NAMELESS if draw(SOURCE, "service", number) < UNNAMED else NAMED


def _whole(random: Random, now: datetime, n: int) -> dict[str, Any]:
    number, phone = f"O-{random.randrange(10**9)}", telephone(n // 2)
    return {
        "source_system": SOURCE,
        "order_number": number,
        "priority": random.choice(["routine", "routine", "urgent", "asap", "stat"]),
        "authored_at": (now - timedelta(minutes=random.randrange(600))).isoformat(),
        "service": {"system": "urn:sample:services", "code": _service_of(number)},
        "patient": {
            "mrn": {"system": SOURCE, "value": f"MRN-{n // 2}"},
            "given": "Sam",
            "family": CANARY,
            "birth_date": "1970-01-01",
            "timezone": random.choice(["America/New_York", "America/Los_Angeles"]),
            **random.choice([{"phone": phone}, {"phone": phone, "email": f"s{n // 2}@s.example"}]),
        },
        "requester": {"npi": "1234567893", "name": "Dr. Robin Sample"},
        "diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}],
        "coverage": [{"payer_name": random.choice(PAYERS), "member_id": f"M-{number}"}],
    }
