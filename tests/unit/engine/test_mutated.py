"""A field of a stored document of any service is missing, or of another kind: nothing ends, and nobody else fails."""

from collections.abc import Iterator
from typing import Any

import bson
import httpx2
import pytest

from shared.contracts.envelope import topic_of
from shared.engine.timers import Wake
from shared.engine.working_set import Recent
from shared.identity import Role
from shared.messaging.inbox import Delivery
from shared.ports import Received
from shared.service.aggregate import Aggregate
from tests.support.five_services.running import FiveServices, open_services
from tests.support.memory import CODEC, EPOCH
from tests.unit.intake.invented import own

SERVICES = ("intake", "authorization", "scheduling", "notifications", "tracking")
OTHERS: tuple[Any, ...] = (None, -7, [["a", {}]], "text", 1.5, [], {}, True, EPOCH, b"\xff")
NEIGHBOUR = "demo-nnnnnnnnnnnnnnnnnnnnnnnnnn"
DEEPER, ELEMENTS_AT_MOST = 3, 1
"""Below the first level so many other kinds, and so many elements of a list: the code does not look at more."""


def mutations(found: Any, depth: int = 0) -> Iterator[Any]:
    """A value with one field missing or of another kind, however deep; each once."""
    others = OTHERS if depth == 0 else OTHERS[:DEEPER]
    if isinstance(found, dict):
        for name, value in found.items():
            yield {known: kept for known, kept in found.items() if known != name}
            for other in (*(each for each in others if type(each) is not type(value)), *mutations(value, depth + 1)):
                yield {**found, name: other}
    elif isinstance(found, list):
        for place, value in enumerate(found[:ELEMENTS_AT_MOST]):
            yield [*found[:place], *found[place + 1 :]]
            for other in (*(each for each in others if type(each) is not type(value)), *mutations(value, depth + 1)):
                yield [*found[:place], other, *found[place + 1 :]]


async def with_a_referral(house: FiveServices) -> None:
    """All services know one."""
    answer = await house.ask("intake", "POST", "/v1/referrals", Role.COORDINATOR, json=own())
    referral_id: str = answer.json()["referral_id"]

    async def is_known() -> bool:
        return all([await house.state(service, referral_id) for service in SERVICES])

    await house.until(is_known)


def put(house: FiveServices, collection: str, key: str, stored: dict[str, Any]) -> None:
    """Write to the disk, past all rules; a document that lost its id or its version stands where it stood."""
    raw = bson.encode(stored)
    house.world.disk.collections[collection][key] = raw
    indexed = {
        name: value for name, value in bson.decode(raw, CODEC).items() if name not in ("wake_at", "unpublished_at")
    }
    house.world.disk.indexed[collection][key] = {"version": 0, "slot": 0, **indexed}


async def survives(house: FiveServices, aggregate: Aggregate, key: str) -> None:
    """Every door comes by, with a neighbour in the same batch."""
    engine, reader = aggregate.engine, house.services["tracking"].reader
    engine.working_set.recent = Recent()
    garbage = Received(key.encode(), (), b"{", topic_of("intake"), 0, 1_000_000)
    mine, _, other = await engine.handle([Wake(key, EPOCH), Delivery(reader, garbage), Wake(NEIGHBOUR, EPOCH)])
    assert mine is None or isinstance(mine, Exception)
    assert other is None
    engine.usable((await aggregate.store.load([key])).values())


@pytest.mark.parametrize("service", SERVICES)
async def test_no_field_of_a_document_ends_a_service(service: str) -> None:
    """Missing, of another kind, in the frame or in the state: its own key fails, if that."""
    async with open_services(lambda _request: httpx2.Response(404)) as house:
        await with_a_referral(house)
        for aggregate in house.services[service].aggregates.values():
            collection = aggregate.store._name  # type: ignore[attr-defined] # noqa: SLF001 - the fake's
            for stored in house.world.disk.documents(collection)[:1]:
                for mutated in mutations({name: value for name, value in stored.items() if name != "_id"}):
                    put(house, collection, stored["_id"], {"_id": stored["_id"], **mutated})
                    await survives(house, aggregate, stored["_id"])

        assert set() == house.ended
