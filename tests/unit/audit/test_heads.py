import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from shared.audit import Head
from shared.audit.heads import Signer, Unsigned, kid_of, public_keys, signed_head

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HEAD = Head("intake-7f", 3, "ab" * 32)


def key_of(service: str) -> ECKey:
    """A key of a service."""
    return ECKey.generate_key("P-384", {"kid": kid_of(service), "use": "sig", "alg": "ES384"})


INTAKE, SCHEDULING = key_of("intake"), key_of("scheduling")
KEYS = public_keys({"keys": [key.as_dict(private=False) for key in (INTAKE, SCHEDULING)]})


def forged(signed: str, **changes: Any) -> str:
    """Another head under the same signature."""
    header, _, signature = signed.split(".")
    content = json.dumps({"chain": HEAD.chain, "number": HEAD.number, "hash": HEAD.hash, **changes})
    encoded = OctKey.import_key(content.encode()).as_dict()["k"]
    return f"{header}.{encoded}.{signature}"


class TestSignedHead:
    def test_is_believed(self) -> None:
        """What the service signed is what is read."""
        assert HEAD == signed_head(Signer(INTAKE).sign(HEAD, NOON), KEYS)

    @pytest.mark.parametrize("changes", [{"number": 2}, {"hash": "cd" * 32}, {"chain": "intake-8f"}])
    def test_that_was_changed_is_not(self, changes: dict[str, Any]) -> None:
        """Nothing of it."""
        with pytest.raises(Unsigned):
            signed_head(forged(Signer(INTAKE).sign(HEAD, NOON), **changes), KEYS)

    def test_of_a_stranger_is_not(self) -> None:
        """A key of the same name is not the same key; one of no name that we know is none."""
        for stranger in (key_of("intake"), key_of("elsewhere")):
            with pytest.raises(Unsigned):
                signed_head(Signer(stranger).sign(HEAD, NOON), KEYS)

    def test_of_another_service_is_not(self) -> None:
        """Scheduling cannot say where intake's chain was."""
        with pytest.raises(Unsigned):
            signed_head(Signer(SCHEDULING).sign(HEAD, NOON), KEYS)

    @pytest.mark.parametrize("nonsense", ["", "a.b.c", "e30.e30.", "x"])
    def test_is_no_nonsense(self, nonsense: str) -> None:
        """Anything may lie on a topic."""
        with pytest.raises(Unsigned):
            signed_head(nonsense, KEYS)


class TestSigner:
    def test_is_read_from_a_file(self, tmp_path: Path) -> None:
        """As key management leaves it."""
        file = tmp_path / "access.json"
        file.write_text(json.dumps(INTAKE.as_dict(private=True)))

        assert HEAD == signed_head(Signer.from_file(file).sign(HEAD, NOON), KEYS)

    @pytest.mark.parametrize(
        "content",
        [
            "{}",
            "[]",
            "no JSON",
            json.dumps(INTAKE.as_dict(private=False)),
            json.dumps(ECKey.generate_key("P-384", {"kid": "x"}).as_dict(private=True)),
        ],
    )
    def test_is_a_private_key_for_this(self, tmp_path: Path, content: str) -> None:
        """A public key cannot sign, and a key for something else must not."""
        (tmp_path / "access.json").write_text(content)

        with pytest.raises(ValueError, match=r"access\.json holds no private EC key"):
            Signer.from_file(tmp_path / "access.json")
