"""What every service offers its operators: what is parked, how to resolve it, and how far the service is."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.contracts.envelope import SERVICES
from shared.engine import Document
from shared.errors import NotFound, Rejected, Unreadable
from shared.identity import AccessPolicy, Caller, Role, permit
from shared.messaging import parked
from shared.messaging.parked import CloseUnsequenced, DiscardEntry, ReplayEntry
from shared.service.commands import TheService
from shared.service.runtime import Service
from shared.web import body

OPERATORS = frozenset({Role.OPERATOR})
POLICY: AccessPolicy = {"parked.list": OPERATORS, "parked.resolve": OPERATORS, "progress": OPERATORS}
PAGE = 200
router = APIRouter(prefix="/v1", tags=["operations"])


def _publisher(name: str) -> str:
    if name not in SERVICES:
        raise ValueError("This service publishes nothing.")
    return name


class Named(BaseModel):
    """A stuck entry (`service`, `sequence`), an unsequenced record (`origin`) or a gap (`service` alone)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(max_length=200)
    service: Annotated[str, Field(json_schema_extra={"enum": list(SERVICES)}), AfterValidator(_publisher)] | None = None
    sequence: int | None = Field(default=None, ge=1)
    origin: str | None = Field(default=None, max_length=200)


@router.get("/parked")
async def list_parked(
    caller: Annotated[Caller, permit("parked.list")],
    service: TheService,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """Everything of the caller's tenant that waits for an operator, at most 200 documents a page."""
    found: list[dict[str, Any]] = []
    last = None
    if after is None:
        found += await _beside(service, caller.tenant)
    async for document in parked.parked_documents(service.engine, after):
        if document.owner in (None, caller.tenant):
            found.extend(_entries(document))
        last = document.id
        if len(found) >= PAGE:
            break
    return {"parked": found, "next": last if len(found) >= PAGE else None}


async def _beside(service: Service, tenant: str) -> list[dict[str, Any]]:
    """What stands beside the aggregates that no fact is about: that a document of theirs cannot be used."""
    others = [aggregate.engine for aggregate in service.aggregates.values() if aggregate is not service.main]
    found = [document for engine in others async for document in parked.parked_documents(engine)]
    return [entry for document in found if document.owner == tenant for entry in _entries(document)]


def _entries(document: Document) -> list[dict[str, Any]]:
    waiting = [(name, entry) for name, queue in document.waiting.items() for entry in queue.values()]
    unsequenced = [(None, entry) for entry in document.unsequenced.values() if entry]
    return [
        {
            "key": document.id,
            "service": name,
            "sequence": entry.sequence or None,
            "origin": entry.origin,
            "reason": entry.reason,
            "since": entry.since,
            "is_stuck": entry.is_stuck,
        }
        for name, entry in (*waiting, *unsequenced)
    ]


@router.post("/parked/replay")
async def replay(
    caller: Annotated[Caller, permit("parked.resolve")], service: TheService, named: Annotated[Named, body(Named)]
) -> dict[str, Any]:
    """Try a stuck entry or an unsequenced record again. A second time does nothing more."""
    await _find(service, caller, named)
    if named.service and named.sequence:
        await service.submit(ReplayEntry(named.key, named.service, named.sequence, service.reader))
    elif named.origin:
        try:
            await parked.replay_unsequenced(service.engine, service.reader, named.key, named.origin)
        except Unreadable as error:
            raise Rejected("still-unreadable", "Its envelope still cannot be read.") from error
    else:
        raise Rejected(
            "nothing-named", "Name a stuck entry by service and sequence, or an unsequenced record by origin."
        )
    return await _left(service, named.key)


@router.post("/parked/discard")
async def discard(
    caller: Annotated[Caller, permit("parked.resolve")], service: TheService, named: Annotated[Named, body(Named)]
) -> dict[str, Any]:
    """Give up a stuck entry, an unsequenced record, or the gap below what waits of a service."""
    await _find(service, caller, named)
    if named.service and named.sequence:
        await service.submit(DiscardEntry(named.key, named.service, named.sequence, service.reader))
    elif named.origin:
        await service.submit(CloseUnsequenced(named.key, named.origin))
    elif named.service:
        await parked.skip_gap(service.engine, service.reader, service.subscription, named.key, named.service)
    else:
        raise Rejected(
            "nothing-named", "Name a stuck entry, an unsequenced record, or a service with a gap below its entries."
        )
    return await _left(service, named.key)


@router.get("/progress")
async def progress(caller: Annotated[Caller, permit("progress")], service: TheService) -> dict[str, Any]:
    """How far each collection is, for operators and for the player of time. Counts of all tenants, no ids."""
    del caller
    found = {name: await aggregate.store.progress() for name, aggregate in service.aggregates.items()}
    return {"service": service.name, "now": service.now(), "aggregates": found}


async def _find(service: Service, caller: Caller, named: Named) -> None:
    """Raise NotFound for a document that is not there, or of another tenant. A record without a key is nobody's."""
    document = await service.read(named.key)
    if document.owner not in (None, caller.tenant):
        raise NotFound


async def _left(service: Service, key: str) -> dict[str, Any]:
    return {"key": key, "left": _entries(await service.read(key))}
