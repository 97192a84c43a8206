"""The import contract says which modules a service must have: tried on a service in a folder of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "every service has the same rooms"
SMALLEST = ("api", "app", "settings")


def lint(folder: Path, modules: tuple[str, ...], imports: str = "") -> subprocess.CompletedProcess[str]:
    """What the contract says of a service of these modules, of which `settings` has these imports."""
    service = folder / "services" / "sixth"
    service.mkdir(parents=True)
    for file in (service.parent / "__init__.py", service / "__init__.py", *(service / f"{it}.py" for it in modules)):
        file.touch()
    (service / "settings.py").write_text(imports)
    (folder / "contract.ini").write_text(contract())
    argv = [str(Path(sys.executable).with_name("lint-imports")), "--config", "contract.ini", "--no-cache"]
    return subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )


def contract() -> str:
    """The contract of pyproject.toml, alone, over services alone."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [found] = [each for each in contracts if each["name"] == NAME]
    lists = "".join(f"{key} =\n" + "".join(f"    {it}\n" for it in found[key]) for key in ("containers", "layers"))
    head = "[importlinter]\nroot_package = services\n\n[importlinter:contract:rooms]\n"
    return f"{head}name = {NAME}\ntype = layers\n{lists}exhaustive = {found['exhaustive']}\n"


def test_a_service_needs_no_domain(tmp_path: Path) -> None:
    """Nor a store, handlers, gateways or views: a service may only show, or only pass on."""
    done = lint(tmp_path, SMALLEST)

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("missing", SMALLEST[:2])
def test_a_service_needs_its_routes_and_its_app(tmp_path: Path, missing: str) -> None:
    """Without them there is nothing to start."""
    done = lint(tmp_path, tuple(each for each in SMALLEST if each != missing))

    assert 1 == done.returncode
    assert f"services.sixth.{missing}" in done.stdout + done.stderr


def test_a_service_has_no_other_modules(tmp_path: Path) -> None:
    """Whatever is in a room without a name is found by nobody."""
    done = lint(tmp_path, (*SMALLEST, "utils"))

    assert (1, True) == (done.returncode, "utils" in done.stdout)


def test_a_service_without_a_domain_keeps_its_order(tmp_path: Path) -> None:
    """What is optional may be left out; it may not be turned round."""
    done = lint(tmp_path, SMALLEST, "import services.sixth.app\n")

    assert (1, True) == (done.returncode, "services.sixth.settings is not allowed to import" in done.stdout)
