"""Large Bundles read as intake reads them: what one costs a core, and how long it keeps the event loop waiting.

One mebibyte is what the door takes. Each shape is the worst of its kind that is not refused for its size at once.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.intake.api.fhir.bundle import opened
from services.intake.api.fhir.order import orders_of

LARGEST_BYTES: Final = 1024 * 1024
_NOW: Final = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
_HOME: Final = "America/New_York"
_PATIENT: Final = "urn:uuid:00000000-0000-4000-8000-000000000001"
_LOOKS_EVERY_S: Final = 0.001
Resource = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """What reading one shape took: its size, CPU, and the longest that the loop could do nothing else."""

    size_bytes: int
    cpu_ms: float
    loop_blocked_ms: float


def many_small_entries() -> bytes:
    """As many observations as fit, none of which an order needs."""
    pulse = {"resourceType": "Observation", "status": "final", "code": {"text": "pulse"}, "valueInteger": 60}
    entry = {"fullUrl": "urn:uuid:00000000-0000-4000-9000-000000000000", "resource": pulse}
    count = (LARGEST_BYTES - 4096) // (len(json.dumps(entry)) + 2)
    found = [{**entry, "fullUrl": f"urn:uuid:00000000-0000-4000-9000-{n:012}"} for n in range(count)]
    return _bundle(_order(), _patient(), *found)


def one_huge_resource() -> bytes:
    """An order of as many elements as one may have, filled up with text that nobody reads."""
    reasons = [{"coding": [{"system": "urn:example", "code": "x"}] * 20}] * 79
    padding = {"status": "generated", "div": f"<div>{'x' * 700_000}</div>"}
    return _bundle(_order(reasonCode=reasons, text=padding), _patient())


def much_that_is_read() -> bytes:
    """Every Coverage of somebody else, since the order names none."""
    coverage = {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
        "payor": [{"display": "Testshield Mutual"}],
        "text": {"status": "generated", "div": f"<div>{'x' * 1_500}</div>"},
    }
    found = [{"fullUrl": f"urn:uuid:00000000-0000-4000-9000-{n:012}", "resource": coverage} for n in range(495)]
    return _bundle(_order(), _patient(), *found)


def long_text() -> bytes:
    """A note of a mebibyte, which is refused at its place once it has been read."""
    return _bundle(_order(note=[{"text": "x" * (LARGEST_BYTES - 8192)}]), _patient())


SHAPES: Final[Mapping[str, Callable[[], bytes]]] = {
    "many small entries": many_small_entries,
    "one huge resource": one_huge_resource,
    "much that is read": much_that_is_read,
    "long text": long_text,
}


def measured() -> dict[str, dict[str, float]]:
    """Every shape, read twice: the first time pays for what is made once."""
    return {name: asdict(asyncio.run(_measured(make()))) for name, make in SHAPES.items()}


async def _measured(raw: bytes) -> Read:
    await asyncio.to_thread(read, raw)
    blocked: list[float] = [0.0]
    watching = asyncio.create_task(_watch(blocked))
    await asyncio.sleep(10 * _LOOKS_EVERY_S)
    blocked[0], began = 0.0, time.process_time()
    await asyncio.to_thread(read, raw)
    spent = time.process_time() - began
    await asyncio.sleep(2 * _LOOKS_EVERY_S)
    watching.cancel()
    return Read(len(raw), spent * 1000, blocked[0] * 1000)


async def _watch(blocked: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_LOOKS_EVERY_S)
        blocked[0] = max(blocked[0], time.perf_counter() - began - _LOOKS_EVERY_S)


def read(raw: bytes) -> None:
    """Read it to the end, as the door does before anything is sealed."""
    orders_of(opened(raw), _NOW, _HOME)


def _order(**more: Any) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:throughline:demo:orders", "value": "LARGE-1"}],
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-11-29T12:00:00Z",
        "subject": {"reference": _PATIENT},
        **more,
    }


def _patient() -> Resource:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:example:mrn", "value": "MRN-LARGE"}]}


def _bundle(order: Resource, patient: Resource, *entries: Resource) -> bytes:
    first = [{"resource": order}, {"fullUrl": _PATIENT, "resource": patient}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [*first, *entries]}).encode()
