"""Serves the simulators: `python -m deploy.simulators`, configured by the environment."""

import uvicorn

from deploy.simulators.app import create_app
from deploy.simulators.settings import SimulatorsSettings

STOPS_WITHIN_S = 2  # a fault may hold a connection for minutes


def main() -> None:
    """Serve until told to stop."""
    settings = SimulatorsSettings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOPS_WITHIN_S,
    )


if __name__ == "__main__":
    main()
