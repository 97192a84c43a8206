"""The door's page lists every code that it warns by: a sender who looks one up finds it."""

import ast
import re
from pathlib import Path
from typing import Final

from services.intake.api.fhir.beside import CODE

DOOR: Final = Path(__file__).parents[3] / "services" / "intake" / "api" / "fhir"


def warned_by() -> set[str]:
    """The codes of all warnings, from the calls that give them."""
    calls = (
        node
        for source in DOOR.glob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "warn"
    )
    codes = (call.args[1] for call in calls)
    return {code.value for code in codes if isinstance(code, ast.Constant) and isinstance(code.value, str)}


def test_lists_every_code_of_a_warning() -> None:
    """And none that nothing warns by."""
    page = (DOOR / "README.md").read_text()
    [table] = re.findall(r"^## What is warned of.*?^(\| code \| what becomes.*?)^$", page, re.MULTILINE | re.DOTALL)
    listed = {code for row in table.splitlines()[2:] for code in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert warned_by() | {"left_out", CODE} == listed
