"""Whatever happens, in whatever order, no referral is left with nobody; and what would leave one so is found."""

import os
import sys
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.contracts.language import Command
from tests.simulation.histories.defects import PLANTS, Plant
from tests.simulation.histories.doors import DOORS
from tests.simulation.histories.machine import COUNTED, Histories
from tests.simulation.histories.wiring import DECIDED
from tests.simulation.services.direct_requests import app, blueprints
from tests.support.sizes import SIZES

EXAMPLES = int(os.environ.get("HISTORIES", SIZES.histories))
FOUND_WITHIN = 500
MANY = 2000
"""So many histories spare no command."""
NOT_PLAYED = (
    "/fhir/R4",
    "/v1/referrals",
    "/v1/patient-lookup",
    "/v1/sms-replies",
    "/v1/parked/replay",
    "/v1/parked/discard",
    "/logout",
)
"""Doors for orders, which have a rule of their own, and those that lead to no command of a referral."""
HISTORY = settings(
    stateful_step_count=40,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(0)
def test_no_history_leaves_a_referral_with_nobody() -> None:
    """Random histories of commands, facts, answers and time; each ends in a silent world (HISTORIES=…: how many)."""
    run_state_machine_as_test(Histories, settings=settings(HISTORY, max_examples=EXAMPLES))

    never = sorted(map(_name, _commands() - set(DECIDED)))
    sys.stdout.write(f"{COUNTED['examples']} histories of {COUNTED['steps']} steps; never decided: {never}\n")
    assert [] == never or EXAMPLES < MANY


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("plant", "says"), PLANTS.values(), ids=PLANTS)
def test_finds_a_defect(plant: Plant, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise of a service is broken, and some history says which."""
    plant(monkeypatch)
    first = settings(HISTORY, max_examples=FOUND_WITHIN, phases=[Phase.generate], report_multiple_bugs=False)

    with pytest.raises(AssertionError, match=says):
        run_state_machine_as_test(Histories, settings=first)


def test_knocks_at_every_door() -> None:
    """A command that gets a route of its own becomes part of the histories, or this fails."""
    assert sorted(set(_doors())) == sorted((door.service, door.path) for door in DOORS)


def _commands(kind: type[Command] = Command) -> set[type[Command]]:
    """Every command that some service knows: a kind of them has others below it, and is none itself."""
    kinds = [known for known in kind.__subclasses__() if known.__module__.startswith("services.")]
    below = {command for known in kinds for command in _commands(known)}
    return below | {known for known in kinds if not known.__subclasses__()}


def _name(command: type[Command]) -> str:
    """Its service and its own name: services have commands of one name."""
    return f"{command.__module__.split('.')[1]} {command.__name__}"


def _doors() -> Iterator[tuple[str, str]]:
    """Every route by which something is asked for; the console's are tracking's own commands again."""
    for service in blueprints():
        for route in iter_route_contexts(app(service).routes):
            path = str(route.path)
            if "POST" in (getattr(route, "methods", None) or ()) and path not in NOT_PLAYED:
                yield service, path.replace("/referrals/{", "/v1/worklist/{") if service == "tracking" else path
