"""What every service offers its operators: what is parked, how to resolve it, and how far the service is."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.contracts.envelope import SERVICES
from shared.engine import Document
from shared.errors import NotFound, Rejected, Unreadable
from shared.identity import AccessPolicy, Caller, Role, permit
from shared.messaging import parked
from shared.messaging.parked import CloseUnsequenced, DiscardEntry, ReplayEntry
from shared.service.aggregate import Aggregate
from shared.service.commands import TheService
from shared.service.on_record import on_record
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
    """A stuck entry (`service`, `sequence`), an unsequenced record or a fact kept by key (`origin`), a gap (`service`).

    `aggregate` is the kind whose inbox it is in; without it, the one of which there is one per referral.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(max_length=200)
    service: Annotated[str, Field(json_schema_extra={"enum": list(SERVICES)}), AfterValidator(_publisher)] | None = None
    sequence: int | None = Field(default=None, ge=1)
    origin: str | None = Field(default=None, max_length=200)
    aggregate: str | None = Field(default=None, max_length=40)


class Entry(BaseModel):
    """What waits for an operator, or behind such: a fact (`service`, `sequence`) or an unsequenced one (`origin`)."""

    aggregate: str
    key: str
    service: str | None
    sequence: int | None
    origin: str
    reason: str | None
    since: datetime
    is_stuck: bool


class Page(BaseModel):
    """Entries, and the key after which the next page begins, if there is one."""

    parked: list[Entry]
    next: str | None


class Left(BaseModel):
    """What is left to do for this key."""

    key: str
    left: list[Entry]


class Progress(BaseModel):
    """The service's business time, and how far each of its collections is."""

    service: str
    now: datetime
    aggregates: dict[str, dict[str, Any]]


@router.get("/parked")
async def list_parked(
    caller: Annotated[Caller, permit("parked.list")],
    service: TheService,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Page:
    """Everything of the caller's tenant that waits for an operator, at most 200 documents a page."""
    found: list[Entry] = []
    last = None
    if after is None:
        found += await _beside(service, caller.tenant)
    async for document in parked.parked_documents(service.engine, after):
        if document.owner in (None, caller.tenant):
            found.extend(_entries(document, service.main))
        last = document.id
        if len(found) >= PAGE:
            break
    return Page(parked=found, next=last if len(found) >= PAGE else None)


async def _beside(service: Service, tenant: str) -> list[Entry]:
    """What waits in the other kinds of aggregates: facts that they consume, or that a document cannot be used."""
    others = [aggregate for aggregate in service.aggregates.values() if aggregate is not service.main]
    found = [(document, each) for each in others async for document in parked.parked_documents(each.engine)]
    return [entry for document, each in found if document.owner in (None, tenant) for entry in _entries(document, each)]


def _entries(document: Document, aggregate: Aggregate) -> list[Entry]:
    waiting = [(name, entry) for name, queue in document.waiting.items() for entry in queue.values()]
    unsequenced = [(None, entry) for entry in document.unsequenced.values() if entry]
    return [
        Entry(
            aggregate=aggregate.engine.decider.name,
            key=document.id,
            service=name,
            sequence=(entry.sequence or None) if name else None,
            origin=entry.origin,
            reason=entry.reason,
            since=entry.since,
            is_stuck=entry.is_stuck,
        )
        for name, entry in (*waiting, *unsequenced)
    ]


@router.post("/parked/replay")
async def replay(
    caller: Annotated[Caller, permit("parked.resolve")], service: TheService, named: Annotated[Named, body(Named)]
) -> Left:
    """Try a stuck entry or an unsequenced record again. A second time does nothing more."""
    aggregate = await _find(service, caller, named)
    if named.service and named.sequence:
        await aggregate.engine.queue.submit(ReplayEntry(named.key, named.service, named.sequence, aggregate.reader))
    elif named.origin:
        try:
            await parked.replay_unsequenced(aggregate.engine, aggregate.reader, named.key, named.origin)
        except Unreadable as error:
            raise Rejected("still-unreadable", "It still cannot be read.") from error
    else:
        raise Rejected(
            "nothing-named", "Name a stuck entry by service and sequence, or an unsequenced record by origin."
        )
    return await _left(aggregate, named.key)


@router.post("/parked/discard")
async def discard(
    caller: Annotated[Caller, permit("parked.resolve")], service: TheService, named: Annotated[Named, body(Named)]
) -> Left:
    """Give up a stuck entry, an unsequenced record, or the gap below what waits of a service."""
    aggregate = await _find(service, caller, named)
    if named.service and named.sequence:
        await aggregate.engine.queue.submit(DiscardEntry(named.key, named.service, named.sequence, aggregate.reader))
    elif named.origin:
        await aggregate.engine.queue.submit(CloseUnsequenced(named.key, named.origin))
    elif named.service:
        await parked.skip_gap(aggregate.engine, aggregate.reader, aggregate.subscription, named.key, named.service)
    else:
        raise Rejected(
            "nothing-named", "Name a stuck entry, an unsequenced record, or a service with a gap below its entries."
        )
    return await _left(aggregate, named.key)


class ProgressAsked(BaseModel):
    """What is counted: what is open, and with `totals` also all facts told and seen, which reads every document."""

    model_config = ConfigDict(extra="forbid")

    totals: bool = False


@router.get("/progress")
async def progress(
    caller: Annotated[Caller, permit("progress")], service: TheService, asked: Annotated[ProgressAsked, Query()]
) -> Progress:
    """How far each collection is, for operators and for the player of time. Counts of all tenants, no ids."""
    del caller
    stores = {name: aggregate.store for name, aggregate in service.aggregates.items()}
    found = {name: await (it.progress() if asked.totals else it.open_work()) for name, it in stores.items()}
    return Progress(service=service.name, now=service.now(), aggregates=found)


async def _find(service: Service, caller: Caller, named: Named) -> Aggregate:
    """The kind in which it is named. Raise NotFound for a document that is not there, or of another tenant.

    A record without a key is nobody's.
    """
    on_record(named.key)
    aggregate = service.aggregates.get(named.aggregate) if named.aggregate else service.main
    document = await aggregate.engine.read(named.key) if aggregate else None
    if aggregate is None or document is None or document.owner not in (None, caller.tenant):
        raise NotFound
    return aggregate


async def _left(aggregate: Aggregate, key: str) -> Left:
    document = await aggregate.engine.read(key)
    return Left(key=key, left=_entries(document, aggregate) if document else [])
