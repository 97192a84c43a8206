"""The one list of services: the folders of `services`, and their blueprints.

Nothing is wired, started or called here, and nothing about a service is written down. Names are read from folders.
Everything else imports the services, which takes most of a second: the command line asks only where it must.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import services
from shared.contracts.envelope import SERVICES as PUBLISHERS

if TYPE_CHECKING:
    from shared.parties import Kind
    from shared.service import Blueprint


def names() -> tuple[str, ...]:
    """Every service: those that publish, in the order of the catalogue of facts, then the others."""
    found = {path.parent.name for folder in services.__path__ for path in Path(folder).glob("*/app.py")}
    ranks = {name: rank for rank, name in enumerate(PUBLISHERS)}
    return tuple(sorted(found, key=lambda name: (ranks.get(name, len(ranks)), name)))


def blueprints() -> "Mapping[str, Blueprint]":
    """The `SERVICE` of each `app.py`: all of a blueprint that does not depend on settings."""
    return {name: import_module(f"services.{name}.app").SERVICE for name in names()}


def consumes() -> Mapping[str, tuple[str, ...]]:
    """The sources whose facts each service consumes."""
    return {name: blueprint.consumes for name, blueprint in blueprints().items()}


def audiences() -> Mapping[str, tuple[str, ...]]:
    """The audiences whose seals each service opens."""
    return {name: blueprint.opens for name, blueprint in blueprints().items()}


def askers_of(kind: "Kind") -> tuple[str, ...]:
    """The services that send requests to parties of a kind: they alone get our keys for them."""
    return tuple(name for name, blueprint in blueprints().items() if kind in blueprint.asks)
