from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from deploy.local.programs import Setting, programs
from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.addresses import DEFAULT_PORTS
from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import parties_of
from services.authorization.app import blueprint as authorization
from services.authorization.settings import AuthorizationSettings
from services.intake.app import blueprint as intake
from services.intake.settings import IntakeSettings
from services.notifications.app import blueprint as notifications
from services.notifications.settings import NotificationsSettings
from services.scheduling.app import blueprint as scheduling
from services.scheduling.settings import SchedulingSettings
from services.tracking.app import blueprint as tracking
from services.tracking.gateways import Issuer
from services.tracking.settings import TrackingSettings
from shared.effects import ServiceToken
from shared.service import Blueprint


def _notifications() -> Blueprint:
    settings = NotificationsSettings()
    return notifications(settings.letterhead, settings.sms, settings.mail)


def _tracking() -> Blueprint:
    settings = TrackingSettings()
    client = ServiceToken.from_file(
        settings.console.console_credentials_file, settings.outbound.issuer_url, httpx2.AsyncClient()
    )
    return tracking(Issuer(client, f"{settings.identity.issuer}/authorize"))


BLUEPRINTS: dict[str, Callable[[], Blueprint]] = {
    "intake": lambda: intake(IntakeSettings().own),
    "authorization": lambda: authorization(AuthorizationSettings().own),
    "scheduling": lambda: scheduling(SchedulingSettings().own),
    "notifications": _notifications,
    "tracking": _tracking,
}


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """What a platform of this test would share."""
    write_state(tmp_path, ["demo"])
    stack = Stack("given", "broker.example:9092", "mongodb://database.example", True, 500, "the test says so")
    write_register(tmp_path, parties_of("demo"), "http://127.0.0.1:8190")
    return Setting(stack, "demo", DEFAULT_PORTS, tmp_path, tmp_path, "invented", 0.2)


class TestPrograms:
    @pytest.mark.parametrize("service", registry.names())
    def test_tell_a_service_all_that_it_needs(
        self, service: str, setting: Setting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A service starts from its environment alone, and the player knows whom it listens to."""
        for name, value in programs(setting)[service].env.items():
            monkeypatch.setenv(name, value)

        blueprint = BLUEPRINTS[service]()

        assert (service, registry.consumes()[service]) == (blueprint.name, blueprint.consumes)

    def test_give_each_service_its_own_keys(self, setting: Setting) -> None:
        """What a service may not read, it cannot read."""
        files = [programs(setting)[service].env["SEALING_KEYS_FILE"] for service in registry.names()]

        assert [f"{service}.json" for service in registry.names()] == [Path(file).name for file in files]
