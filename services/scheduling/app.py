"""Puts scheduling together. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from services.scheduling.api import HANDED, POLICY, concerned, routers
from services.scheduling.gateways import Appointments, OfficeRequests, Offices, Openings, Questions, Reservations
from services.scheduling.handlers import reactions
from services.scheduling.settings import OwnSettings, SchedulingSettings
from services.scheduling.store import CALENDAR_DAY, CALENDAR_DAYS, PLACEMENT, PLACEMENTS, read_directory
from shared.ports import Gateway
from shared.service import Blueprint, Kind, Parts, assemble, settings_from_environment
from shared.world import World

SERVICE: Final = Blueprint(
    name="scheduling",
    kinds=(
        Kind(PLACEMENT, PLACEMENTS, consumes=("intake", "authorization", "notifications"), publishes="scheduling"),
        Kind(CALENDAR_DAY, CALENDAR_DAYS),
    ),
    policy=POLICY,
    opens=("logistics", "visit"),
    asks=frozenset({"office"}),
    concerned=concerned,
    handed=HANDED,
)
"""The service as it is with any settings: placements consume and publish facts, calendar days do neither."""


def blueprint(own: OwnSettings) -> Blueprint:
    """The service with these settings."""
    directory = read_directory(own.directory_file)

    def of_placements(parts: Parts) -> Mapping[str, Gateway]:
        offices = Offices(parts.clients, own.offices_url, own.public_url, own.reports_url, parts.keyring)
        return {
            "search": Openings(directory, parts.engines),
            "claim": Reservations(directory, parts.keyring, parts.engines),
            "office_request": OfficeRequests(offices),
            "appointment": Appointments(offices, directory),
        }

    def of_days(parts: Parts) -> Mapping[str, Gateway]:
        return {"ask": Questions(parts.engines)}

    placements, days = SERVICE.kinds
    placements = replace(placements, gateways=of_placements, reactions=lambda _parts: reactions(directory))
    return replace(SERVICE, kinds=(placements, replace(days, gateways=of_days)), routers=routers(directory))


def create_app(settings: SchedulingSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(SchedulingSettings, "scheduling")
    return assemble(blueprint(settings.own), settings, world)
