"""What tests may not do, and no linter of others sees. Each rule is a function that finds what breaks it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "tests").rglob("*.py"))
PLANTS = ROOT / "tests/architecture/test_plants.py"
"""It names what is gone, or of no use, as a string: an object that is not there cannot be handed in."""


def dotted_patches(tree: ast.AST) -> Iterator[int]:
    """Lines that replace a thing by its dotted path. A path outlives what it names; an import does not."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "delattr" | "patch"), args=[ast.Constant(value=str()), *_]
            ):
                yield node.lineno
            case (
                ast.ImportFrom(module="unittest.mock" | "mock")
                | ast.ImportFrom(module="unittest", names=[ast.alias(name="mock")])
            ):
                yield node.lineno


def test_replace_objects_and_no_dotted_paths() -> None:
    """Nothing is patched by a string, and nothing is mocked."""
    found = {path: list(dotted_patches(ast.parse(path.read_text()))) for path in MODULES if path != PLANTS}

    assert {} == {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    "source",
    [
        'monkeypatch.setattr("shared.engine.frame.FRAME", 2)',
        'patch.delattr("shared.engine.frame.FRAME")',
        'mock.patch("shared.engine.frame.FRAME", 2)',
        "from unittest.mock import patch",
        "from unittest import mock",
    ],
)
def test_sees_a_patch_by_its_path(source: str) -> None:
    """Else the rule above could not fail."""
    assert [1] == list(dotted_patches(ast.parse(source)))
