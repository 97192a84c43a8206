"""Puts tracking together. It decides nothing."""

from dataclasses import replace
from typing import Final

import httpx2
from fastapi import FastAPI

from services.tracking.api import OPEN_PATHS, POLICY, SESSION, routers
from services.tracking.gateways import Issuer
from services.tracking.handlers import REACTIONS
from services.tracking.settings import TrackingSettings
from services.tracking.store import COLLECTION, INDEXES, TRACK, compare
from shared.contracts.envelope import SERVICES
from shared.effects import ServiceToken
from shared.service import Blueprint, Kind, assemble, settings_from_environment
from shared.world import World

SERVICE: Final = Blueprint(
    name="tracking",
    kinds=(
        Kind(
            TRACK,
            COLLECTION,
            indexes=INDEXES,
            consumes=SERVICES,
            reactions=lambda _parts: REACTIONS,
            compare=compare,
        ),
    ),
    policy=POLICY,
    opens=(),
    session=SESSION,
    open_paths=OPEN_PATHS,
    keeps_records=True,
)
"""The service as it is with any settings."""


def blueprint(issuer: Issuer) -> Blueprint:
    """The service whose people log in at this issuer."""
    return replace(SERVICE, routers=routers(issuer))


def create_app(settings: TrackingSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(TrackingSettings, "tracking")
    credentials, issuer_url = settings.console.console_credentials_file, settings.outbound.issuer_url
    client = ServiceToken.from_file(credentials, issuer_url, httpx2.AsyncClient(timeout=5.0))
    return assemble(blueprint(Issuer(client, f"{settings.identity.issuer}/authorize")), settings, world)
