"""What every simulated party does with a request: count it, meet the fault it draws, have its effect once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from deploy.simulators import behaviour
from deploy.simulators.agenda import Agenda, Promise
from deploy.simulators.behaviour import Kind
from deploy.simulators.faults import Effect, respond
from deploy.simulators.ledger import Body, Ledger, Record, transaction
from deploy.simulators.orders import Asked, Fault, Orders
from shared.errors import Conflict, NotFound
from shared.ports import Clock


@dataclass(frozen=True, slots=True)
class Desk:
    """Counts, records, promises and orders behind one counter. The clock's time is simulated."""

    database: sqlite3.Connection
    ledger: Ledger
    agenda: Agenda
    orders: Orders
    seed: str
    clock: Clock

    def behaviour(self, kind: Kind, identifier: str, *aliases: str) -> str:
        """What is ordered for the identifier or an alias of it (its referral, its phone number), else what it draws."""
        return self.orders.forced(kind, (identifier, *aliases)) or behaviour.chosen(self.seed, kind, identifier)

    def between(self, purpose: str, identifier: str, bounds: tuple[int, int]) -> int:
        """A whole number within the bounds, drawn by the identifier."""
        return behaviour.between(self.seed, purpose, identifier, bounds)

    def meet(self, asked: Asked) -> Fault | None:
        """Count the attempt and return the fault it draws."""
        return self.orders.strike(asked, self.ledger.count(asked.kind, asked.identifier, asked.act))

    async def answer(self, request: Request, asked: Asked, effect: Effect) -> Response:
        """Count the attempt and answer it, through its fault if it draws one."""
        return await respond(self.meet(asked), request, effect)

    def take(self, record: Record, promises: Sequence[Promise], status: HTTPStatus) -> Response:
        """Keep a new record with what it promises; a known identifier gets the answer of its record.

        Raises Conflict when the identifier is known to another keeper.
        """
        with transaction(self.database):
            if self.ledger.create(record):
                self.agenda.add(promises)
            known = self.ledger.find(record.kind, record.identifier) or record
        if known.keeper != record.keeper:
            raise Conflict("identifier_in_use", "This identifier is in use elsewhere.")
        return JSONResponse(known.body, status)

    def find(self, kind: str, identifier: str, keeper: str) -> Record:
        """The keeper's record, also a withdrawn one. Raises NotFound."""
        record = self.ledger.find(kind, identifier)
        if record is None or record.keeper != keeper:
            raise NotFound("not_found", "There is no such object.")
        return record

    def withdraw(self, record: Record, body: Body, promised: Sequence[str]) -> Response:
        """Undo the effect once and forget the promises of these kinds."""
        with transaction(self.database):
            if not record.withdrawn:
                self.ledger.withdraw(record, body)
                for kind in promised:
                    self.agenda.drop(kind, record.identifier)
        return JSONResponse(record.body if record.withdrawn else body)
