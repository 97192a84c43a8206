import json
from pathlib import Path

import pytest

from deploy.docker.parts import hand_out
from deploy.platform import registry
from deploy.platform.parties import key_name, parties_of
from shared.parties import Register


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
    @pytest.mark.parametrize("service", registry.names())
    def test_gives_a_service_the_keys_of_its_audiences_and_no_others(
        self, vault: Path, parts: Path, service: str
    ) -> None:
        """What a container does not have, nobody who breaks into it can read."""
        hand_out(vault, parts, "demo")

        sealing = json.loads((parts / service / "sealing.json").read_text())
        assert {f"demo:{audience}:1" for audience in registry.audiences()[service]} == {
            jwk["kid"] for jwk in sealing["keys"]
        }

    @pytest.mark.parametrize("service", registry.names())
    def test_gives_a_service_our_keys_for_the_parties_that_it_asks_and_no_others(
        self, vault: Path, parts: Path, service: str
    ) -> None:
        """Who breaks into scheduling cannot pass for us at a payer, and nobody there is a client of our own issuer."""
        hand_out(vault, parts, "demo")

        asked = {key_name(party) for party in parties_of("demo") if service in registry.askers_of(party.kind)}
        found = contents(parts / service)
        assert {f"parties/{name}.json" for name in asked} == {name for name in found if name.startswith("parties/")}
        assert not any(name.startswith("clients/") or name == "client.json" for name in found)

    def test_gives_the_simulators_the_parties_keys_and_none_of_ours(self, vault: Path, parts: Path) -> None:
        """A counterparty can check us and cannot be us."""
        hand_out(vault, parts, "demo")

        found = contents(parts / "simulators")
        asked = [party for party in parties_of("demo") if registry.askers_of(party.kind)]
        clients = {client for party in asked for client in party.client_ids}
        assert {f"clients/{client}.json" for client in clients} == {name for name in found if "clients/" in name}
        assert not any("d" in jwk for jwk in json.loads(found["parties/public.json"])["keys"])

    def test_gives_every_connection_a_key_that_is_there(self, vault: Path, parts: Path) -> None:
        """The register names files beside it, as each part finds them."""
        hand_out(vault, parts, "demo")

        for service in registry.names():
            register = Register.from_file(parts / service / "parties.json")
            asked = [party for party in register.parties if service in registry.askers_of(party.kind)]
            assert all(party.connection and (parts / service / party.connection.key_file).exists() for party in asked)

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
