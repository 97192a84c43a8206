"""Planted defects bind: each replaces what is looked up, under that name and in that place, when the code runs.

A plant reaches in by a private name. When that name moves, an import that was left behind can still be replaced, and
nothing is broken: without this, that shows after hundreds of seeds as "no seed failed".
"""

import dis
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import CO_OPTIMIZED
from itertools import pairwise
from types import CodeType, ModuleType
from typing import Any

import pytest
from _pytest.compat import NOTSET

from tests.simulation.defects import ENGINE, SERVICES
from tests.simulation.histories import defects
from tests.simulation.histories.machine import Histories
from tests.simulation.runs import PLAYS

Plant = Callable[[pytest.MonkeyPatch], None]
PRODUCT = ("services.", "shared.", "tests.simulation.", "tests.support.")
PLAYED = (PLAYS, Histories)
"""Imported for all that they import: it is what runs under a plant."""
PLANTS: Mapping[str, Plant] = {
    **ENGINE,
    **SERVICES,
    **{f"histories: {name}": plant for name, (plant, _) in defects.PLANTS.items()},
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_replaces_what_is_called(plant: Plant) -> None:
    """Whatever a plant replaces was there, and is looked up there by who runs."""
    assert [] == list(unbound(plant))


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda _patch: None, "nothing is replaced"),
        (lambda patch: patch.setattr("shared.engine.Moved", None, raising=False), "has no Moved of its own"),
        (lambda patch: patch.setattr("shared.engine.Decider", None), "nobody calls shared.engine.Decider"),
        (lambda patch: patch.setitem(PLANTS, "moved", None), "a table had no moved"),
    ],
    ids=["empty", "gone", "left behind", "no such key"],
)
def test_sees_a_plant_that_binds_to_nothing(plant: Plant, found: str) -> None:
    """Else the test above could not fail: a name that is gone, one that is only passed on, a key that is not there."""
    assert any(found in said for said in unbound(plant))


def unbound(plant: Plant) -> Iterator[str]:
    """What a plant replaces in vain, or that it replaces nothing."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        attributes, items = list(patch._setattr), list(patch._setitem)  # noqa: SLF001 - it has no other way to tell
    if not attributes and not items:
        yield "nothing is replaced"
    for target, name, before in attributes:
        if before is NOTSET:
            yield f"{target} has no {name} of its own"
        elif isinstance(target, ModuleType):
            if not _is_called(target, name):
                yield f"nobody calls {target.__name__}.{name} by that name"
        elif not any(name in code.co_names for module in _product() for code in _codes(module)):
            yield f"nobody asks for {name} of {target}"
    for table, key, before in items:
        yield from _unbound_of_table(table, key, before)


def _unbound_of_table(table: Any, key: Any, before: Any) -> Iterator[str]:
    if before is NOTSET:
        yield f"a table had no {key}"
    if not any(_globals_asked(m, n) for m in _product() for n, value in vars(m).items() if value is table):
        yield f"nobody looks {key} up"


def _is_called(target: ModuleType, name: str) -> bool:
    return _globals_asked(target, name) or any(_asked_through(module, target, name) for module in _product())


def _globals_asked(module: ModuleType, name: str) -> bool:
    """Whether a function of the module looks this name up in the module when it runs."""
    return any(name in _global_names(code) for code in _codes(module))


def _asked_through(module: ModuleType, target: ModuleType, name: str) -> bool:
    """Whether a function of the module asks for `target.name` when it runs."""
    aliases = {alias for alias, value in vars(module).items() if value is target}
    if not aliases:
        return False
    steps = (pair for code in _codes(module) for pair in pairwise(dis.get_instructions(code)))
    return any(first.argval in aliases and second.argval == name for first, second in steps)


@cache
def _product() -> tuple[ModuleType, ...]:
    """Every module that is loaded of what runs, the plants themselves left out."""
    names = [name for name in sys.modules if name.startswith(PRODUCT) and "defects" not in name]
    return tuple(sys.modules[name] for name in names)


@cache
def _codes(module: ModuleType) -> tuple[CodeType, ...]:
    """The functions of a module. What its own body and those of its classes look up is looked up only once."""
    loader: Any = module.__spec__ and module.__spec__.loader
    code = loader.get_code(module.__name__) if hasattr(loader, "get_code") else None
    return tuple(each for each in _within(code) if each.co_flags & CO_OPTIMIZED) if code else ()


def _within(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _within(each)


@cache
def _global_names(code: CodeType) -> frozenset[str]:
    return frozenset(each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
