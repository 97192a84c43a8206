"""Approves the schemas as they are: `python -m tests.contracts.approve`. A published version keeps its meaning."""

import json
import sys
from pathlib import Path

from shared.contracts.catalogue import FACTS
from tests.contracts.compatibility import Schema, breaks

APPROVED = Path(__file__).parents[2] / "docs" / "schemas"


def schema_of(type_: str) -> Schema:
    """The JSON Schema of a fact as it is told."""
    return {"$id": f"/schemas/{type_}", **FACTS[type_].model_json_schema(mode="serialization")}


def approved(type_: str) -> Schema | None:
    """The schema that was approved, None for a new fact."""
    path = APPROVED / f"{type_}.json"
    found: Schema | None = json.loads(path.read_text()) if path.exists() else None
    return found


def main() -> int:
    """Write the schemas that changed compatibly."""
    for type_ in FACTS:
        found = breaks(was, schema_of(type_)) if (was := approved(type_)) else []
        if found:
            print(f"{type_} is published; make a new version instead of changing it:", *found, sep="\n  ")  # noqa: T201
            return 1
        (APPROVED / f"{type_}.json").write_text(json.dumps(schema_of(type_), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
