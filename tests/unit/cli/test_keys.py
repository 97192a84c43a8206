"""`throughline keys` gives the services of an installation their next key."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.platform import registry
from deploy.platform.keys import generate_keys

RUNNER = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The key files of all services."""
    for service, ring in generate_keys(["demo", "other"]).items():
        (tmp_path / f"{service}.json").write_text(json.dumps(ring))
    return tmp_path


def rotate(folder: Path, kind: str, *more: str) -> Any:
    """Run the command."""
    return RUNNER.invoke(app, ["keys", "rotate", kind, str(folder), *more])


def holders(folder: Path, kid: str) -> dict[str, dict[str, Any]]:
    """The services that have a key, and what each has."""
    rings = {name: json.loads((folder / f"{name}.json").read_text())["keys"] for name in registry.names()}
    return {name: jwk for name, ring in rings.items() for jwk in ring if jwk["kid"] == kid}


def test_rotate_gives_all_that_have_the_kind_the_same_next_key(folder: Path) -> None:
    """And nobody else; no key is gone."""
    before = {path.name: json.loads(path.read_text())["keys"] for path in folder.iterdir()}
    found = json.loads(rotate(folder, "visit", "--json").stdout)
    after = holders(folder, "demo:visit:2")

    assert "demo:visit:2" == found["kid"]
    assert {"scheduling", "notifications"} == set(after)
    assert 1 == len({json.dumps(jwk, sort_keys=True) for jwk in after.values()})
    assert all(jwk in json.loads((folder / name).read_text())["keys"] for name, ring in before.items() for jwk in ring)


def test_rotate_leaves_replicas_time_to_learn_of_it(folder: Path) -> None:
    """Seconds would do for the file, and a minute is the least that it takes."""
    assert 2 == rotate(folder, "visit", "--in-s", "59").exit_code
    assert {} == holders(folder, "demo:visit:2")


@pytest.mark.parametrize("kind", ["referral-id", "patient-index", "fingerprint", "callback"])
def test_rotate_begins_a_kind_that_one_key_served_before(folder: Path, kind: str) -> None:
    """An installation of before has one key for all of them, which stays."""
    intake = folder / "intake.json"
    keys = json.loads(intake.read_text())["keys"]
    kept = [{**jwk, "kid": "demo:identifier:1"} for jwk in keys if jwk["kid"] == "demo:callback:1"]
    intake.write_text(json.dumps({"keys": kept}))

    assert 0 == rotate(folder, kind).exit_code
    assert ["demo:identifier:1", f"demo:{kind}:1"] == [jwk["kid"] for jwk in json.loads(intake.read_text())["keys"]]


def test_rotate_goes_on_where_it_broke_off(folder: Path) -> None:
    """One file has the key and the other not: the other gets the same, not one more."""
    lacking = (folder / "notifications.json").read_text()
    rotate(folder, "visit")
    (folder / "notifications.json").write_text(lacking)
    rotate(folder, "visit", "--in-s", "900")
    found = holders(folder, "demo:visit:2")

    assert {"scheduling", "notifications"} == set(found)
    assert 1 == len({(jwk["k"], jwk["nbf"]) for jwk in found.values()})
    assert {} == holders(folder, "demo:visit:3")


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [("weather", (), "no such kind"), ("visit", ("--tenant", "nobody"), "No service has a key")],
)
def test_rotate_refuses_what_there_is_not(folder: Path, kind: str, more: tuple[str, ...], says: str) -> None:
    """With a sentence, and no file changed."""
    before = {path: path.read_text() for path in folder.iterdir()}
    done = rotate(folder, kind, *more)

    assert 1 == done.exit_code
    assert says in done.stderr
    assert before == {path: path.read_text() for path in folder.iterdir()}


def test_list_names_keys_and_shows_none(folder: Path) -> None:
    """Which service has which, and from when on it is used."""
    rotate(folder, "visit")
    done = RUNNER.invoke(app, ["keys", "list", str(folder), "--json"])
    found = {(each["service"], each["kid"]): each["used_from"] for each in json.loads(done.stdout)["keys"]}

    assert "" == found["notifications", "demo:visit:1"]
    assert found["notifications", "demo:visit:2"] > "2026"
    secrets = [jwk["k"] for path in folder.iterdir() for jwk in json.loads(path.read_text())["keys"]]
    assert not [secret for secret in secrets if secret in done.stdout]
