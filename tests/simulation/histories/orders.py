"""Orders of every kind: complete or not, pressing or not, insured, self-paying, or by a payer that nobody knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from deploy.platform.telephones import telephone_of
from tests.simulation.histories.ehr import NUMBERS
from tests.simulation.histories.outside import Choose
from tests.simulation.services.orders import CANARY, PAYERS, SOURCE

LACKS: tuple[tuple[str, ...], ...] = (
    *[()] * 10,
    ("requester",),
    ("diagnoses",),
    ("reach",),
    ("coverage",),
    ("requester", "diagnoses", "reach", "coverage"),
)
REACH: tuple[tuple[str, ...], ...] = (("phone",), ("phone", "email"), ("email",))
SELF_PAY = "self-pay"
SERVICES = (*["208D00000X"] * 9, "208D00001X")
"""Which are asked for: the last is one that no pathway names, so that a person chooses."""


def order(choose: Choose[Any], now: datetime) -> Mapping[str, Any]:
    """An order in our own JSON. The number may have come before."""
    lacks, number = choose(LACKS), choose(NUMBERS)
    parts: dict[str, Mapping[str, Any]] = {
        "requester": {"requester": {"npi": "1234567893", "name": "Dr. Robin Sample"}},
        "diagnoses": {"diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]},
        "coverage": _paid(choose, number),
    }
    made: dict[str, Any] = {
        "source_system": SOURCE,
        "order_number": number,
        "priority": choose(("routine", "urgent", "asap", "stat")),
        "authored_at": (now - timedelta(days=choose((0, 0, 3, -1, 170)))).isoformat(),
        "service": {"system": "urn:sample:services", "code": choose(SERVICES)},
        "patient": _patient(choose, () if "reach" in lacks else choose(REACH)),
    }
    for name, part in parts.items():
        made |= {} if name in lacks else part
    return made


def _patient(choose: Choose[Any], reach: Sequence[str]) -> Mapping[str, Any]:
    mrn = choose(("MRN-1", "MRN-2"))
    ways = {"phone": telephone_of(mrn), "email": f"{mrn}@s.example".lower()}
    return {
        "mrn": {"system": SOURCE, "value": mrn},
        "given": "Sam",
        "family": CANARY,
        "birth_date": "1970-01-01",
        "timezone": choose(("America/New_York", "America/Los_Angeles", "Asia/Kathmandu")),
        **{way: ways[way] for way in reach},
    }


def _paid(choose: Choose[Any], number: str) -> Mapping[str, Any]:
    payer = choose((*PAYERS, SELF_PAY))
    if payer == SELF_PAY:
        return {"declared_self_pay": True}
    return {"coverage": [{"payer_name": payer, "member_id": f"M-{number}"}]}
