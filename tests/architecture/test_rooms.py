"""What no linter sees: rooms of a readable size, READMEs that are true, a language of frozen facts."""

import re
from pathlib import Path

import pytest

from shared.contracts.catalogue import FACTS, PUBLISHED

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "app.py").exists())
MODULES = [path for part in ("services", "shared", "deploy") for path in sorted((ROOT / part).rglob("*.py"))]
LONGEST_FILE_LINES = 250


def readme(service: str) -> str:
    """A service's README."""
    return (ROOT / "services" / service / "README.md").read_text()


def heard_by(service: str) -> set[str]:
    """The facts that a service's handlers react to, by name."""
    folder = ROOT / "services" / service
    source = "\n".join(path.read_text() for path in folder.glob("handlers*"))
    return {fact.__name__ for fact in FACTS.values() if re.search(rf"\b{fact.__name__}\b", source)}


class TestModules:
    @pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
    def test_can_be_read_at_one_sitting(self, path: Path) -> None:
        """A room that passes this size becomes a folder of the same name."""
        assert len(path.read_text().splitlines()) <= LONGEST_FILE_LINES


class TestServices:
    def test_are_five(self) -> None:
        """Intake, authorization, scheduling, notifications, tracking."""
        assert ["authorization", "intake", "notifications", "scheduling", "tracking"] == SERVICES

    @pytest.mark.parametrize("service", sorted(PUBLISHED))
    def test_readmes_name_what_is_told(self, service: str) -> None:
        """A reader finds every fact of a service in its README."""
        told = {fact.__name__ for fact in PUBLISHED[service]}

        assert set() == {name for name in told if name not in readme(service)}

    @pytest.mark.parametrize("service", sorted(PUBLISHED))
    def test_readmes_name_what_is_heard(self, service: str) -> None:
        """And every fact that it hears."""
        assert set() == {name for name in heard_by(service) if name not in readme(service)}


class TestFacts:
    @pytest.mark.parametrize("type_", FACTS)
    def test_are_frozen_and_open(self, type_: str) -> None:
        """What happened does not change; what a later version adds does not hurt."""
        config = FACTS[type_].model_config

        assert (True, "ignore") == (config.get("frozen"), config.get("extra"))

    @pytest.mark.parametrize("type_", FACTS)
    def test_name_their_referral(self, type_: str) -> None:
        """Every fact belongs to one referral's story."""
        assert "referral_id" in FACTS[type_].model_fields
