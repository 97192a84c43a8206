"""The invented Bundle as intake reads it."""

from typing import Any

import pytest

from services.intake.api.fhir.bundle import Opened, open_bundle
from services.intake.api.fhir.order import order_of
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


def opened(document: object) -> Opened:
    """The Bundle, parsed."""
    return open_bundle(as_bytes(document))


def taken(document: object) -> Order:
    """The order of the Bundle."""
    return order_of(opened(document), HOME)


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
