"""A service is found by its folder; every list that names the services by hand is held against the folders."""

import asyncio
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.acls.plans import PLANS
from deploy.cli.quiet import HEARS
from deploy.local.programs import SERVICES as PROGRAMS
from deploy.platform.addresses import DEFAULT_PORTS
from deploy.platform.keys import AUDIENCES
from shared.contracts.envelope import topic_of
from shared.sealing import Keyring
from shared.service import Figures, Hooks, operations, wire
from shared.web import create_app
from tests.support.callers import Issuer
from tests.support.clients import everybody
from tests.support.memory import EPOCH, MemoryWorld
from tests.support.tally import REFERRAL, record

ROOT = Path(__file__).parents[2]
FOUND = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
LISTS = {
    "deploy/acls/plans.py PLANS (its blueprint, for topics and ACLs)": set(PLANS),
    "deploy/cli/quiet.py HEARS (whose facts it consumes)": set(HEARS),
    "deploy/local/programs.py SERVICES (its process)": set(PROGRAMS),
    "deploy/platform/addresses.py DEFAULT_PORTS (its port)": set(DEFAULT_PORTS) - {"simulators", "issuer", "smtp"},
    "deploy/platform/keys.py AUDIENCES (the seals that it may open)": set(AUDIENCES),
}
SIXTH = '''
"""A service that counts complete referrals."""

from shared.contracts.intake import ReferralFoundComplete
from shared.service import Blueprint, Kind
from tests.support.tally import TALLY, on_complete


def blueprint():
    return Blueprint(
        name="sixth",
        kinds=(Kind(TALLY, "tallies"),),
        reactions=lambda _parts: {ReferralFoundComplete: on_complete},
        consumes=("intake",),
        routers=(),
        policy={},
        publishes=False,
    )
'''


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_every_service(name: str) -> None:
    """Whoever adds a service adds it here, too."""
    assert FOUND == LISTS[name]


@pytest.fixture
def sixth(tmp_path: Path) -> Iterator[Any]:
    """The app module of a sixth service, in a folder of its own."""
    path = tmp_path / "services" / "sixth" / "app.py"
    path.parent.mkdir(parents=True)
    path.write_text(SIXTH)
    spec = util.spec_from_file_location("sixth_app", path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    sys.modules["sixth_app"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["sixth_app"]


async def test_a_sixth_service_starts_and_consumes(sixth: Any) -> None:
    """From its blueprint alone: nothing in shared knows its name."""
    world, http = MemoryWorld(), httpx2.AsyncClient()
    hooks = Hooks(lambda *_, **_labels: None, _shown, lambda _error: None, lambda: None)
    service = wire(sixth.blueprint(), world, Keyring({"keys": []}), everybody(http), hooks, poll_s=0.01)
    await service.start()
    await world.bus.send(topic_of("intake"), world.bus.partition_of(REFERRAL), [record(1, EPOCH)])

    async with asyncio.timeout(20):
        while (found := await service.engine.read(REFERRAL)) is None:
            await world.clock.sleep(0.01)

    await service.stop()
    await http.aclose()
    assert (1, {"intake": 1}) == (found.version, found.seen)


async def test_a_sixth_service_has_the_routes_of_all(sixth: Any) -> None:
    """Its operators see what is parked; a stranger is told to log in."""
    plan = sixth.blueprint()
    app = create_app("Throughline sixth", [*plan.routers, operations.router], Issuer().guard(operations.POLICY))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://sixth") as client:
        assert 401 == (await client.get("/v1/parked")).status_code


def _shown(_figures: Figures) -> None:
    """Figures that nobody looks at."""
