"""Asking for and withdrawing what an office or an EHR was sent: the same for everything they take."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from deploy.simulators.desk import Desk
from deploy.simulators.orders import Asked, Target
from shared.errors import NotFound


def add_lookups(routes: APIRouter, desk: Desk, target: Target, path: str, promised: Sequence[str]) -> None:
    """Add GET and DELETE at the path, which names an `identifier`. The first promised kind is the record's own."""
    kind = promised[0]

    @routes.get(path, name=f"ask_{kind}")
    async def ask(identifier: str, request: Request) -> Response:
        keeper = request.path_params.get("keeper", "")
        attempt = Asked(target, kind, identifier, "asks")
        return await desk.answer(request, attempt, lambda: _asked(desk, kind, identifier, keeper))

    @routes.delete(path, name=f"withdraw_{kind}")
    async def withdraw(identifier: str, request: Request) -> Response:
        keeper = request.path_params.get("keeper", "")
        attempt = Asked(target, kind, identifier, "withdrawals")
        return await desk.answer(request, attempt, lambda: _withdrawn(desk, promised, identifier, keeper))


def _asked(desk: Desk, kind: str, identifier: str, keeper: str) -> Response:
    record = desk.find(kind, identifier, keeper)
    if record.withdrawn:
        raise NotFound("not_found", "There is no such object any more.")
    return JSONResponse(record.body)


def _withdrawn(desk: Desk, promised: Sequence[str], identifier: str, keeper: str) -> Response:
    record = desk.find(promised[0], identifier, keeper)
    return desk.withdraw(record, {**record.body, "status": "withdrawn"}, promised)
