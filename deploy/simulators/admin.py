"""The operator's API of the simulators: force a behaviour, inject a fault, read counts and scheduled callbacks."""

from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from deploy.simulators.behaviour import TABLES, Kind
from deploy.simulators.endpoint import Endpoint
from deploy.simulators.journal import Count
from deploy.simulators.scenario import Fault
from shared.identity import permit
from shared.web import body


class ForcedBehaviour(BaseModel):
    """`identifier` is the request's own, or that of its referral, member or phone number; "*" is everybody."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    identifier: str = Field(min_length=1, max_length=200)
    behaviour: str

    @model_validator(mode="after")
    def _is_in_the_table(self) -> Self:
        if self.behaviour not in dict(TABLES[self.kind]):
            raise ValueError("This kind knows no such behaviour.")
        return self


class Backlog(BaseModel):
    """Scheduled callbacks: when the next one falls due; how many are due now, under way, and failed so far."""

    next_due_at: AwareDatetime | None
    due_now: int
    in_flight: int
    retrying: int


def routes(endpoint: Endpoint) -> APIRouter:
    """The routes that an operator may use."""
    router = APIRouter(tags=["operator"], dependencies=[permit("operate_simulators")])

    @router.post("/admin/behaviour", status_code=HTTPStatus.NO_CONTENT)
    async def force(forced: Annotated[ForcedBehaviour, body(ForcedBehaviour)]) -> None:
        endpoint.scenario.force(forced.kind, forced.identifier, forced.behaviour)

    @router.delete("/admin/behaviour", status_code=HTTPStatus.NO_CONTENT)
    async def release() -> None:
        endpoint.scenario.release()

    @router.post("/admin/faults", status_code=HTTPStatus.NO_CONTENT)
    async def inject_fault(fault: Annotated[Fault, body(Fault)]) -> None:
        endpoint.scenario.add(fault)

    @router.delete("/admin/faults", status_code=HTTPStatus.NO_CONTENT)
    async def clear_faults() -> None:
        endpoint.scenario.clear()

    add_readings(router, endpoint)
    return router


def add_readings(router: APIRouter, endpoint: Endpoint) -> None:
    """Add what is read only."""

    @router.get("/counts")
    async def totals() -> dict[str, dict[str, int]]:
        return endpoint.journal.totals()

    @router.get("/counts/{kind}")
    async def by_identifier(kind: str) -> dict[str, dict[str, int]]:
        return endpoint.journal.counts_by_identifier(kind)

    @router.get("/counts/{kind}/{identifier:path}")
    async def of_one(kind: str, identifier: str) -> dict[Count, int]:
        return endpoint.journal.counts_of(kind, identifier)

    @router.get("/agenda")
    async def backlog() -> Backlog:
        # Read again: whoever moved the clock asks at once whether the move brought anything.
        now = await endpoint.clock.read()
        return Backlog.model_validate(endpoint.schedule.backlog(now), from_attributes=True)
