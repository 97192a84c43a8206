"""What every simulated party does with a request: count it, meet the fault it draws, have its effect once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from deploy.simulators import behaviour
from deploy.simulators.behaviour import Kind
from deploy.simulators.faults import Effect, respond
from deploy.simulators.journal import Body, Journal, Record, transaction
from deploy.simulators.scenario import Fault, IncomingCall, Scenario
from deploy.simulators.schedule import Schedule, ScheduledCallback
from shared.errors import Conflict, NotFound
from shared.ports import Clock


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Journal, schedule and scenario behind the routes of every party. The clock's time is simulated."""

    database: sqlite3.Connection
    journal: Journal
    schedule: Schedule
    scenario: Scenario
    seed: str
    clock: Clock

    def behaviour(self, kind: Kind, identifier: str, *aliases: str) -> str:
        """What is forced for the identifier or an alias of it (its referral, its phone number), else what it draws."""
        return self.scenario.forced(kind, (identifier, *aliases)) or behaviour.chosen(self.seed, kind, identifier)

    def between(self, purpose: str, identifier: str, bounds: tuple[int, int]) -> int:
        """A whole number within the bounds, drawn by the identifier."""
        return behaviour.between(self.seed, purpose, identifier, bounds)

    def meet(self, call: IncomingCall) -> Fault | None:
        """Count the call and return the fault it draws."""
        return self.scenario.fault_for(call, self.journal.count(call.kind, call.identifier, call.act))

    async def answer(self, request: Request, call: IncomingCall, effect: Effect) -> Response:
        """Count the call and answer it, through its fault if it draws one."""
        return await respond(self.meet(call), request, effect)

    def take(self, record: Record, callbacks: Sequence[ScheduledCallback], status: HTTPStatus) -> Response:
        """Keep a new record with its callbacks; a known identifier gets the answer of its record.

        Raises Conflict when the identifier is known to another owner.
        """
        with transaction(self.database):
            if self.journal.create(record):
                self.schedule.add(callbacks)
            known = self.journal.find(record.kind, record.identifier) or record
        if known.owner != record.owner:
            raise Conflict("identifier_in_use", "This identifier is in use elsewhere.")
        return JSONResponse(known.body, status)

    def find(self, kind: str, identifier: str, owner: str) -> Record:
        """The owner's record, also a withdrawn one. Raises NotFound."""
        record = self.journal.find(kind, identifier)
        if record is None or record.owner != owner:
            raise NotFound("not_found", "There is no such object.")
        return record

    def withdraw(self, record: Record, body: Body, kinds: Sequence[str]) -> Response:
        """Undo the effect once and forget the callbacks of these kinds."""
        with transaction(self.database):
            if not record.withdrawn:
                self.journal.withdraw(record, body)
                for kind in kinds:
                    self.schedule.drop(kind, record.identifier)
        return JSONResponse(record.body if record.withdrawn else body)
