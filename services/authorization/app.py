"""Puts authorization together. It decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from services.authorization.api import POLICY, routers
from services.authorization.domain import ELIGIBILITY, SUBMISSION, PayerDirectory
from services.authorization.gateways import EligibilityChecks, Payers, Submissions
from services.authorization.handlers import reactions
from services.authorization.settings import AuthorizationSettings, OwnSettings
from services.authorization.store import CASE, COLLECTION
from shared.ports import Gateway
from shared.service import Blueprint, Kind, Parts, assemble, settings_from_environment
from shared.world import World

SERVICE: Final = Blueprint(
    name="authorization",
    kinds=(Kind(CASE, COLLECTION, consumes=("intake", "scheduling"), publishes="authorization"),),
    policy=POLICY,
    opens=("coverage", "clinical"),
    asks=frozenset({"payer", "clearinghouse"}),
)
"""The service as it is with any settings."""


def blueprint(own: OwnSettings) -> Blueprint:
    """The service with these settings."""
    payers = PayerDirectory.model_validate_json(own.payers_file.read_bytes())

    def gateways(parts: Parts) -> Mapping[str, Gateway]:
        line = Payers(parts.clients, own.payer_url, own.public_url, parts.keyring)
        return {ELIGIBILITY: EligibilityChecks(line), SUBMISSION: Submissions(line)}

    [cases] = SERVICE.kinds
    cases = replace(cases, gateways=gateways, reactions=lambda parts: reactions(parts.keyring, payers))
    return replace(SERVICE, kinds=(cases,), routers=routers(payers))


def create_app(settings: AuthorizationSettings | None = None, world: World | None = None) -> FastAPI:
    """The app; settings come from the environment unless given."""
    settings = settings or settings_from_environment(AuthorizationSettings, "authorization")
    return assemble(blueprint(settings.own), settings, world)
