"""Puts tracking together. It decides nothing."""

import httpx2
from fastapi import FastAPI

from services.tracking.api import OPEN_PATHS, POLICY, SESSION, routers
from services.tracking.gateways import Issuer
from services.tracking.handlers import REACTIONS
from services.tracking.settings import TrackingSettings
from services.tracking.store import COLLECTION, INDEXES, TRACK
from shared.contracts.envelope import SERVICES
from shared.effects import ServiceToken
from shared.service import Blueprint, Kind, assemble, settings_from_environment
from shared.world import World


def blueprint(issuer: Issuer) -> Blueprint:
    """What the service consists of, when people log in at this issuer."""
    return Blueprint(
        name="tracking",
        kinds=(Kind(TRACK, COLLECTION, indexes=INDEXES, consumes=SERVICES, reactions=lambda _parts: REACTIONS),),
        routers=routers(issuer),
        policy=POLICY,
        session=SESSION,
        open_paths=OPEN_PATHS,
    )


def create_app(settings: TrackingSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(TrackingSettings, "tracking")
    credentials, issuer_url = settings.console.console_credentials_file, settings.outbound.issuer_url
    client = ServiceToken.from_file(credentials, issuer_url, httpx2.AsyncClient(timeout=5.0))
    return assemble(blueprint(Issuer(client, f"{settings.identity.issuer}/authorize")), settings, world)
