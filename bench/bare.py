"""Intake's order behind a bare FastAPI endpoint: the same validation, and no write unless somebody hands one in.

What HTTP and validation cost by themselves; `python -m bench.bare PORT` serves it.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import TypeAdapter

from services.intake.api.own import OwnOrder

Write = Callable[[str], Awaitable[None]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing_to_open(_app: FastAPI) -> AsyncIterator[None]:
    yield


async def _no_write(_referral_id: str) -> None:
    """Nothing is kept."""


def create_app(write: Write = _no_write, lifespan: Lifespan = _nothing_to_open) -> FastAPI:
    """The endpoint. It answers once `write` has returned."""
    app, orders = FastAPI(lifespan=lifespan), TypeAdapter(OwnOrder)

    @app.post("/v1/referrals", status_code=202)
    async def receive(request: Request) -> dict[str, str]:
        order = orders.validate_json(await request.body())
        referral_id = f"demo-{sha256(order.order_number.encode()).hexdigest()[:32]}"
        await write(referral_id)
        return {"referral_id": referral_id}

    @app.get("/readyz")
    async def ready() -> Response:
        return Response()

    return app


def serve(app: FastAPI, port: int) -> None:
    """Serve as the services are served."""
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, server_header=False, log_level="warning")


if __name__ == "__main__":
    serve(create_app(), int(sys.argv[1]))
