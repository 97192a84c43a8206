"""A service holds no key that its code does not use: what it does not have, nobody who breaks into it can use."""

import ast
from pathlib import Path

import pytest

from deploy.platform import registry

ROOT = Path(__file__).parents[2] / "services"
DERIVED_BY = {
    "referral-id": "referral_ids",
    "patient-index": "blind_indexes",
    "fingerprint": "fingerprints",
}
"""Kinds of keys that the keyring itself names, by what is called to use them."""


def said_in(service: str) -> set[str]:
    """Every string and attribute in the code of a service, but for the list of its keys."""
    nodes = [
        node
        for file in (ROOT / service).rglob("*.py")
        if file.name != "app.py"
        for node in ast.walk(ast.parse(file.read_text()))
    ]
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return strings | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("service", registry.names())
def test_a_service_holds_no_key_that_it_does_not_use(service: str) -> None:
    """The other way round, a key that is used and not held is a refusal in every story."""
    said = said_in(service)

    assert set() == {kind for kind in registry.audiences()[service] if DERIVED_BY.get(kind, kind) not in said}


def test_what_reads_nothing_sealed_holds_no_key() -> None:
    """Tracking shows what facts say in the open."""
    assert () == registry.audiences()["tracking"]
