"""What tests may not do, and no linter of others sees. Each rule is a function that finds what breaks it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "tests").rglob("*.py"))
PLANTS = ROOT / "tests/architecture/test_plants.py"
"""It names what is gone, or of no use, as a string: an object that is not there cannot be handed in."""
_FOUND = (ast.Call, ast.Attribute, ast.Await, ast.Subscript, ast.ListComp, ast.SetComp, ast.DictComp)
_DISPLAYS = (ast.Dict, ast.List, ast.Tuple, ast.Set)
_EMPTY_OR_NEAR = ("set", "frozenset", "dict", "list", "tuple", "bytes", "approx")


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


def turned_assertions(tree: ast.AST) -> Iterator[ast.Compare]:
    """Assertions that say what was found before what is expected. A reader of hundreds looks in one place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield from (each for each in _comparisons(node.test) if _is_turned(each))


def _comparisons(test: ast.expr) -> Iterator[ast.Compare]:
    match test:
        case ast.Compare(ops=[ast.Eq() | ast.NotEq()]):
            yield test
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _comparisons(part)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            yield from _comparisons(part)


def _is_turned(made: ast.Compare) -> bool:
    left, right = made.left, made.comparators[0]
    if _is_constant(left):
        return False
    return _is_constant(right) or (isinstance(left, _FOUND) and isinstance(right, _DISPLAYS))


def _is_constant(side: ast.expr) -> bool:
    """Whether it says by itself what it is worth: a literal, a constant's name, or a display of such."""
    match side:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return all(map(_is_constant, parts))
        case ast.UnaryOp(operand=part):
            return _is_constant(part)
        case ast.BinOp(left=left, right=right):
            return _is_constant(left) and _is_constant(right)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=parts, keywords=[]):
            return name in _EMPTY_OR_NEAR and all(map(_is_constant, parts))
    return False


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


def test_say_what_is_expected_before_what_was_found() -> None:
    """One order, so that a reader of hundreds looks in one place."""
    found = {path: [made.lineno for made in turned_assertions(ast.parse(path.read_text()))] for path in MODULES}

    assert {} == {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    ("source", "turned"),
    [
        ("assert found() == 3", 1),
        ("assert found.name != 'a'", 1),
        ("assert found[0] == {'a': LIMIT}", 1),
        ("assert is_there and found == []", 1),
        ("assert not (found == set())", 1),
        ("assert {found()} == {expected}", 0),
        ("assert 3 == found()", 0),
        ("assert before == after", 0),
        ("assert 3 < found()", 0),
        ("assert found() is None", 0),
    ],
)
def test_sees_an_assertion_that_is_turned(source: str, turned: int) -> None:
    """Else the rule above could not fail; what has no order, it leaves alone."""
    assert turned == len(list(turned_assertions(ast.parse(source))))
