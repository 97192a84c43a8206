"""How a service is put together, and what its doors hold on to. It decides nothing."""

from shared.service.assembly import ServiceSettings, assemble
from shared.service.figures import Figures
from shared.service.listener import Listener
from shared.service.runtime import Hooks, Service
from shared.service.starting import settings_from_environment
from shared.service.wiring import Blueprint, Kind, Parts, wire

__all__ = [
    "Blueprint",
    "Figures",
    "Hooks",
    "Kind",
    "Listener",
    "Parts",
    "Service",
    "ServiceSettings",
    "assemble",
    "settings_from_environment",
    "wire",
]
