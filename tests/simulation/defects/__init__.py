"""Planted defects: mistakes that could have been made, each put in from outside. Nothing here is a fix."""

from collections.abc import Mapping

from tests.simulation.defects.calls import CALLS, Plant
from tests.simulation.defects.services import SERVICES
from tests.simulation.defects.stories import STORIES

ENGINE: Mapping[str, Plant] = {**STORIES, **CALLS}
"""Defects of the engine, which the relays find; those of `SERVICES` are found by the services."""

__all__ = ["ENGINE", "SERVICES", "Plant"]
