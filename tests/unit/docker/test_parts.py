import json
from pathlib import Path

import pytest

from deploy.docker.parts import hand_out
from deploy.local.keys import AUDIENCES


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Where all keys are kept."""
    return tmp_path / "vault"


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Where each part's folder is."""
    return tmp_path / "parts"


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, and what it says."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


class TestHandOut:
    @pytest.mark.parametrize("service", AUDIENCES)
    def test_gives_a_service_the_keys_of_its_audiences_and_no_others(
        self, vault: Path, parts: Path, service: str
    ) -> None:
        """What a container does not have, nobody who breaks into it can read."""
        hand_out(vault, parts, "demo")

        sealing = json.loads((parts / service / "sealing.json").read_text())
        assert {f"demo:{audience}:1" for audience in AUDIENCES[service]} == {jwk["kid"] for jwk in sealing["keys"]}
        own = json.loads((parts / service / "client.json").read_text())
        assert f"demo-{service}" == own["client_id"]

    def test_gives_both_ends_of_the_gateway_one_secret(self, vault: Path, parts: Path) -> None:
        """Notifications believes a callback that is signed with the secret of the gateway."""
        hand_out(vault, parts, "demo")

        gateway = (parts / "simulators" / "simulators_sms_auth_token").read_text()
        assert gateway == (parts / "notifications" / "notifications_sms_auth_token").read_text()
        assert 64 == len(gateway)

    def test_lets_nobody_else_read(self, vault: Path, parts: Path) -> None:
        """Keys are for the user that the containers run as."""
        hand_out(vault, parts, "demo")

        modes = {path.stat().st_mode & 0o777 for path in [*vault.rglob("*"), *parts.rglob("*")] if path.is_file()}
        assert {0o600} == modes

    def test_keeps_the_keys_that_are_there(self, vault: Path, parts: Path) -> None:
        """Set-up runs before every start, and what was sealed before must still open."""
        hand_out(vault, parts, "demo")
        before = contents(parts)

        hand_out(vault, parts, "demo")

        assert before == contents(parts)

    def test_fills_a_folder_that_was_emptied(self, vault: Path, parts: Path) -> None:
        """A part's volume may be removed: the vault has it all."""
        hand_out(vault, parts, "demo")
        before = contents(parts)
        (parts / "intake" / "sealing.json").unlink()

        hand_out(vault, parts, "demo")

        assert before == contents(parts)
