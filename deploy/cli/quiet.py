"""Decides whether anything still happens, from the figures of services and simulators. Pure.

Two equal looks that show no work prove it: counters only grow, so nothing happened between the end of the first look
and the beginning of the second.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

_SEEN: Final = "seen_"


class Collection(BaseModel):
    """The figures of one kind of aggregate; an empty collection has none. `seen` is by publisher."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    documents: int = 0
    told: int = 0
    unpublished: int = 0
    parked: int = 0
    calls: int = 0
    next_wake_at: AwareDatetime | None = None
    seen: dict[str, int] = {}

    @model_validator(mode="before")
    @classmethod
    def _by_publisher(cls, figures: dict[str, Any]) -> dict[str, Any]:
        seen = {name.removeprefix(_SEEN): n for name, n in figures.items() if name.startswith(_SEEN)}
        return {**figures, "seen": seen}


class Progress(BaseModel):
    """The figures of one service, with its business time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: str
    now: AwareDatetime
    aggregates: dict[str, Collection]

    @property
    def told(self) -> int:
        """Facts published so far."""
        return sum(collection.told for collection in self.aggregates.values())

    @property
    def is_parked(self) -> bool:
        """Whether anything waits here for an operator: then not every published fact is seen."""
        return any(collection.parked for collection in self.aggregates.values())

    def seen(self, publisher: str) -> int:
        """Facts of a publisher that were taken in."""
        return sum(collection.seen.get(publisher, 0) for collection in self.aggregates.values())


class Backlog(BaseModel):
    """The callbacks that the simulators still have to make."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    next_due_at: AwareDatetime | None
    due_now: int
    in_flight: int


class Look(BaseModel):
    """The figures of all services and simulators at one moment."""

    model_config = ConfigDict(frozen=True)

    services: dict[str, Progress]
    backlog: Backlog

    @property
    def counters(self) -> tuple[object, ...]:
        """The figures that must be equal in two looks; clocks are left out."""
        collections = [progress.aggregates for progress in self.services.values()]
        return (*collections, self.backlog)

    @property
    def next_due_at(self) -> datetime | None:
        """The earliest instant at which anything happens by itself."""
        collections = [c for progress in self.services.values() for c in progress.aggregates.values()]
        instants = [self.backlog.next_due_at, *(collection.next_wake_at for collection in collections)]
        return min((instant for instant in instants if instant), default=None)

    @property
    def is_parked(self) -> bool:
        """Whether anything waits for an operator anywhere."""
        return any(progress.is_parked for progress in self.services.values())


def unrest(look: Look, since: datetime, consumes: Mapping[str, Sequence[str]]) -> str | None:
    """What is still going on, in words; None when all is quiet. Every clock must have reached `since`.

    `consumes` are the publishers whose facts each service consumes.
    """
    for progress in look.services.values():
        if reason := _unrest_within(progress, since) or _unheard(progress, look.services, consumes):
            return f"{progress.service} {reason}"
    if look.backlog.due_now or look.backlog.in_flight:
        return f"the simulators still have {look.backlog.due_now or look.backlog.in_flight} answers to give"
    return None


def _unrest_within(progress: Progress, since: datetime) -> str | None:
    if progress.now < since:
        return "has not noticed yet that time was moved"
    for name, collection in progress.aggregates.items():
        if progress.is_parked and collection.unpublished:
            return f"has not published what {collection.unpublished} of its {name} documents told"
        if collection.calls:
            return f"waits for the outcome of {collection.calls} calls"
        if collection.next_wake_at and collection.next_wake_at <= progress.now:
            return f"has {name} documents that are due"
    return None


def _unheard(progress: Progress, services: Mapping[str, Progress], consumes: Mapping[str, Sequence[str]]) -> str | None:
    for publisher in consumes[progress.service]:
        missing = services[publisher].told - progress.seen(publisher)
        if missing > 0 and not progress.is_parked:
            return f"has not taken in {missing} facts of {publisher}"
    return None
