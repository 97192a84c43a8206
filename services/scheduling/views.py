"""The view of a placement: its state, tasks and allowed actions, without anything that is sealed."""

from datetime import datetime

from pydantic import BaseModel

from services.scheduling.domain import Choice, Placement, Status, Visit, allowed, status, visits_of
from services.scheduling.domain.state import Answer, VisitStatus
from shared.contracts.language import Actor, Task
from shared.effects.protocol import id_of
from shared.engine import Document, Engine
from shared.errors import NotFound

OFFICE_REQUEST = "office_request"


class ShownProvider(BaseModel):
    """Who shall see the patient. `request_id` names the request that the office answers, if it was asked."""

    provider_ref: str
    site_ref: str
    answer: Answer
    request_id: str | None


class ShownVisit(BaseModel):
    """A visit, past or ahead."""

    visit_id: str
    provider_ref: str
    site_ref: str
    starts_at: datetime
    ends_at: datetime
    fate: VisitStatus


class ShownPlacement(BaseModel):
    """A placement. `state` is its situation, `tasks` who must do what by when, `allowed` what the caller may do now.

    An office sees the visits at its own providers'. `wishes` is where what the order wishes for can be read, if it can.
    """

    referral_id: str
    version: int
    state: Status
    provider: ShownProvider | None
    visits: tuple[ShownVisit, ...]
    tasks: tuple[Task, ...]
    allowed: tuple[str, ...]
    wishes: str | None


def shown(
    engine: Engine, document: Document, by: Actor, at: datetime, of: frozenset[str] | None = None
) -> ShownPlacement:
    """The placement as who speaks for the providers `of` may see it (None: for all), with all that would do something.

    Raises NotFound.
    """
    placement: Placement = document.state
    if placement.order is None:
        raise NotFound
    return ShownPlacement(
        referral_id=document.id,
        version=document.version,
        state=status(placement),
        provider=_provider(placement.choice, document) if placement.choice else None,
        visits=tuple(map(_visit, visits_of(placement, of))),
        tasks=engine.tasks_of(document),
        allowed=tuple(sorted(allowed(placement, by, at, tuple(document.waiting), of))),
        wishes=f"/v1/placements/{document.id}/wishes" if placement.order.wishes else None,
    )


def choice_of(document: Document, request_id: str, of: frozenset[str] | None) -> int:
    """The number of the choice, of one of these providers if any, that a request is about. Raises NotFound."""
    choices: tuple[Choice, ...] = document.state.choices
    for record in document.calls.values():
        is_named = record.kind == OFFICE_REQUEST and id_of(document.id, record) == request_id
        if is_named and (of is None or choices[record.revision - 1].provider_ref in of):
            return record.revision
    raise NotFound("not-found", "There is no such request.")


def _provider(choice: Choice, document: Document) -> ShownProvider:
    record = document.calls.get(f"{OFFICE_REQUEST}:{choice.number}")
    return ShownProvider(
        provider_ref=choice.provider_ref,
        site_ref=choice.site_ref,
        answer=choice.answer,
        request_id=id_of(document.id, record) if record else None,
    )


def _visit(visit: Visit) -> ShownVisit:
    slot = visit.attempt.slot
    return ShownVisit(
        visit_id=visit.visit_id,
        provider_ref=slot.provider_ref,
        site_ref=slot.site_ref,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        fate=visit.fate,
    )
