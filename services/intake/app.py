"""Puts intake together. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from services.intake.api import HANDED, POLICY, Reception, concerned, routers
from services.intake.api.places import zips
from services.intake.domain import INFORMATION_REQUEST, REPORT
from services.intake.domain.pathways import Pathways
from services.intake.gateways import Ehr, InformationRequests, Reports
from services.intake.handlers import reactions
from services.intake.settings import IntakeSettings, OwnSettings
from services.intake.store import COLLECTION, REFERRAL
from shared.ports import Gateway
from shared.sealing import DERIVED
from shared.service import Blueprint, Kind, Parts, assemble, settings_from_environment
from shared.world import World

SERVICE: Final = Blueprint(
    name="intake",
    kinds=(
        Kind(
            REFERRAL,
            COLLECTION,
            consumes=("scheduling",),
            reactions=lambda _parts: reactions(),
            publishes="intake",
        ),
    ),
    policy=POLICY,
    opens=("contact", "clinical", "coverage", "logistics", *DERIVED),
    asks=frozenset({"ehr"}),
    concerned=concerned,
    handed=HANDED,
)
"""The service as it is with any settings."""


def blueprint(own: OwnSettings) -> Blueprint:
    """The service with these settings."""

    def gateways(parts: Parts) -> Mapping[str, Gateway]:
        ehr = Ehr(parts.clients, own.ehr_url, own.public_url, parts.keyring)
        return {INFORMATION_REQUEST: InformationRequests(ehr), REPORT: Reports(ehr, parts.keyring)}

    reception = Reception(Pathways.model_validate_json(own.pathways_file.read_bytes()), own.home_timezone)
    [referrals] = SERVICE.kinds
    return replace(SERVICE, kinds=(replace(referrals, gateways=gateways),), routers=routers(reception))


def create_app(settings: IntakeSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(IntakeSettings, "intake")
    zips()
    return assemble(blueprint(settings.own), settings, world)
