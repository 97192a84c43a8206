"""Writes down the names of FHIR R4B's elements, each with what may stand there, and its types of resources.

`python -m tests.unit.intake.fhir_names` writes them anew, after an upgrade of `fhir.resources`.
"""

import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from fhir.resources import R4B

WRITTEN: Final = Path(__file__).parents[3] / "services/intake/api/fhir/names.txt"
KINDS: Final = (
    ("object", r"abc\."),
    ("text", r"datetime\.time"),
    ("date", r"datetime"),
    ("flag", r"\bbool\b"),
    ("number", r"\bint\b|Decimal"),
    ("text", r"\bstr\b|bytes|UUID"),
)
"""What an annotation of `fhir.resources` means in JSON; the first that fits counts."""
_NOT_FHIR: Final = frozenset({"fhir_comments", "resource_type", "resourceType"})
_LONGEST: Final = 118


def lines() -> list[str]:
    """What there may be, and the names that have it, as often as they fill lines."""
    names: dict[str, set[str]] = defaultdict(set)
    for name, kinds in _elements().items():
        names["|".join(sorted(kinds))].add(name)
    names["resource"] = {model.__name__ for model in _models() if _is_resource(model)}
    return [line for kind, found in sorted(names.items()) for line in _filled(kind, sorted(found))]


def _filled(kind: str, names: list[str]) -> Iterator[str]:
    line = kind
    for name in names:
        if len(line) + 1 + len(name) > _LONGEST:
            yield line
            line = kind
        line += f" {name}"
    yield line


def _models() -> Iterator[Any]:
    for module in pkgutil.iter_modules(R4B.__path__):
        here = import_module(f"{R4B.__name__}.{module.name}")
        yield from (
            found for found in vars(here).values() if getattr(found, "__module__", "") == here.__name__ and _has(found)
        )


def _has(found: Any) -> bool:
    return isinstance(found, type) and hasattr(found, "model_fields")


def _is_resource(model: Any) -> bool:
    bases = {base.__name__ for base in model.__mro__}
    return "Resource" in bases and model.__name__ not in {"Resource", "DomainResource"}


def _elements() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for model in _models():
        for field, info in model.model_fields.items():
            name = info.alias or field
            if not field.endswith("__ext") and name not in _NOT_FHIR:
                found[name].add(next(kind for kind, told in KINDS if re.search(told, str(info.annotation))))
    return found


if __name__ == "__main__":
    WRITTEN.write_text("\n".join(lines()) + "\n")
