"""The invented Bundle as intake reads it."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.api.fhir import bundle as parcels
from services.intake.api.fhir.order import Asked, orders_of
from services.intake.domain.instruction import Place
from services.intake.domain.order import Order
from shared.web import Malformed
from tests.unit.intake.invented import (
    REQUESTER,
    Document,
    as_bytes,
    bundle,
    resources,
)

HOME = "America/New_York"
NOW = datetime(2026, 4, 8, 12, 0, tzinfo=UTC)
"""Two days after the invented order was written."""


def asked(document: object, now: datetime = NOW) -> Asked:
    """What the one order of a Bundle asks for."""
    [found] = all_asked(document, now)
    return found


def all_asked(document: object, now: datetime = NOW, pathways: Collection[str] = ()) -> tuple[Asked, ...]:
    """What every order of a Bundle asks for."""
    raw = document if isinstance(document, bytes) else as_bytes(document)
    return orders_of(parcels.opened(raw), now, HOME, pathways)


def taken(document: object, now: datetime = NOW) -> Order:
    """The order of the Bundle."""
    found = asked(document, now)
    if not isinstance(found.instruction, Place):
        raise parcels.refusal(*found.flaws)
    return found.instruction.order


def warned(document: object) -> list[tuple[str, str]]:
    """What is odd in a Bundle, by place and code."""
    return [(warning.pointer, warning.code) for warning in asked(document).warnings]


def changed(url: str, **elements: Any) -> Document:
    """The invented Bundle with other elements in one resource; None leaves an element out."""
    found = resources()
    found[url] = {name: value for name, value in {**found[url], **elements}.items() if value is not None}
    return bundle(found)


def everything() -> Document:
    """A Bundle with every resource that is read."""
    found = resources()
    found["urn:uuid:house"] = {"resourceType": "Organization", "name": "Orderly & Sons"}
    found["urn:uuid:role"] = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": REQUESTER},
        "organization": {"reference": "urn:uuid:house"},
    }
    found["urn:uuid:letter"] = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": "https://ehr.example/letters/1"}}],
    }
    supporting = [{"reference": "urn:uuid:letter"}, {"reference": "urn:uuid:elsewhere"}]
    return bundle(found, requester={"reference": "urn:uuid:role"}, supportingInfo=supporting)


def refusal(document: object) -> Malformed:
    """Why a Bundle is refused."""
    with pytest.raises(Malformed) as refused:
        taken(document)
    return refused.value


def pointers(refused: Malformed) -> list[str]:
    """Where the faults are."""
    return [flaw.pointer for flaw in refused.flaws]
