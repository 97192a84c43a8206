"""Asking for and withdrawing what an office or an EHR was sent: the same for everything they take."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from deploy.simulators.endpoint import Endpoint
from deploy.simulators.scenario import IncomingCall, Target
from shared.errors import NotFound


def add_lookups(routes: APIRouter, endpoint: Endpoint, target: Target, path: str, kinds: Sequence[str]) -> None:
    """Add GET and DELETE at the path, which names an `identifier`.

    `kinds` are those of the callbacks that a withdrawal takes along; the first is the record's own.
    """
    kind = kinds[0]

    @routes.get(path, name=f"ask_{kind}")
    async def ask(identifier: str, request: Request) -> Response:
        owner = request.path_params.get("owner", "")
        call = IncomingCall(target, kind, identifier, "asks")
        return await endpoint.answer(request, call, lambda: _found(endpoint, kind, identifier, owner))

    @routes.delete(path, name=f"withdraw_{kind}")
    async def withdraw(identifier: str, request: Request) -> Response:
        owner = request.path_params.get("owner", "")
        call = IncomingCall(target, kind, identifier, "withdrawals")
        return await endpoint.answer(request, call, lambda: _withdrawn(endpoint, kinds, identifier, owner))


def _found(endpoint: Endpoint, kind: str, identifier: str, owner: str) -> Response:
    record = endpoint.find(kind, identifier, owner)
    if record.withdrawn:
        raise NotFound("not_found", "There is no such object any more.")
    return JSONResponse(record.body)


def _withdrawn(endpoint: Endpoint, kinds: Sequence[str], identifier: str, owner: str) -> Response:
    record = endpoint.find(kinds[0], identifier, owner)
    return endpoint.withdraw(record, {**record.body, "status": "withdrawn"}, kinds)
