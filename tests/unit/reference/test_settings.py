"""The page of settings is what the code reads: none is missing, none is stale, each says what it is for."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import deploy
import services
import shared
from deploy.reference import page, sections
from shared.production import name_of

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "settings.md"
VARIABLE = re.compile(r"environ(?:ment)?\.get\(\s*\"(\w+)\"|\"(\w+)\" in os\.environ|environ(?:ment)?\[\"(\w+)\"\]")

OF_THE_SYSTEM = {"LD_LIBRARY_PATH"}


def kinds(base: type[BaseSettings] = BaseSettings) -> Iterator[type[BaseSettings]]:
    """Every class of settings that was imported, of ours."""
    for kind in base.__subclasses__():
        if kind.__module__.partition(".")[0] in {"services", "shared", "deploy"}:
            yield kind
        yield from kinds(kind)


@pytest.fixture(scope="module")
def every() -> list[type[BaseSettings]]:
    """Every class of settings that reads variables, wherever in the product it is."""
    for package in (services, shared, deploy):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and ("settings" in found.name or reads(found.name)):
                importlib.import_module(found.name)
    return [kind for kind in dict.fromkeys(kinds()) if kind.model_config.get("env_prefix")]


def reads(module: str) -> bool:
    """Whether a module makes a class of settings of its own."""
    path = ROOT / module.replace(".", "/")
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return "(BaseSettings)" in file.read_text()


class TestPage:
    def test_is_what_the_code_says(self) -> None:
        """Run `python -m deploy.reference` and look at what it changed."""
        assert page() == PAGE.read_text()

    def test_has_every_setting(self, every: list[type[BaseSettings]]) -> None:
        """Whoever runs this finds each, by the name of its variable."""
        text = PAGE.read_text()
        names = {name_of(kind, field) for kind in every for field in kind.model_fields}

        assert 50 < len(names)
        assert set() == {name for name in names if f"| `{name}` |" not in text}

    def test_says_of_each_what_it_is_for(self) -> None:
        """The text below a field."""
        lacking = [
            name_of(found.kind, name)
            for found in sections()
            for name, info in found.fields.items()
            if not (info.description or "").endswith(".")
        ]

        assert [] == lacking

    def test_has_the_variables_that_no_class_reads(self) -> None:
        """Some are read where there are no settings yet."""
        text, found = PAGE.read_text(), set[str]()
        for part in ("services", "shared", "deploy"):
            for path in (ROOT / part).rglob("*.py"):
                found |= {name for match in VARIABLE.findall(path.read_text()) for name in match if name}

        assert {"SECRETS_DIRECTORY", "THROUGHLINE_STATE"} <= found
        assert set() == {name for name in found - OF_THE_SYSTEM if name not in text}

    def test_marks_secrets(self) -> None:
        """What may stand in no listing."""
        rows = {row.split("`")[1]: row for row in PAGE.read_text().splitlines() if row.startswith("| `")}

        for name in ("MONGO_URI", "KAFKA_SASL_PASSWORD", "NOTIFICATIONS_SMS_AUTH_TOKEN"):
            assert "**secret**" in rows[name]
        assert "**keys**" in rows["SEALING_KEYS_FILE"]
