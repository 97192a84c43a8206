"""One service of the product as production runs it, except that its clock is ahead, so that its day begins at noon.

Where a demo may move the clock, each batch asks the database whether it has; in production nobody may, and nobody asks.
`BENCH_SERVICE` names the service, `BENCH_AHEAD_S` says how far its clock is ahead, for good.
"""

import os
from datetime import timedelta
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from shared.mongo import MongoClock
from shared.ports import Clock
from shared.service.assembly import ServiceSettings
from shared.world import RealWorld


class _AheadClock(MongoClock):
    """The database's clock, ahead by as much as the bench says."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self._moved_by = timedelta(seconds=float(os.environ["BENCH_AHEAD_S"]))


class _World(RealWorld):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.clock: Clock = _AheadClock(self._client, self.clock_settings)


def create_app() -> FastAPI:
    """The service's app on that clock."""
    name = os.environ["BENCH_SERVICE"]
    service = import_module(f"services.{name}.app")
    settings: ServiceSettings = getattr(service, f"{name.capitalize()}Settings")()
    app: FastAPI = service.create_app(settings, _World(settings.kafka, settings.mongo, settings.clock))
    return app
