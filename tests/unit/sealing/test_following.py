"""A service takes another file of keys while it runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts.sealed import Content
from shared.sealing import Keyring, SealingError, follow
from tests.support.five_services.keyrings import key_of

REFERRAL = "demo-x"


class Note(Content):
    """Content for a seal."""

    sealed_as = "note"


class Looks:
    """The time between two looks at the file: as long as a test says."""

    def __init__(self) -> None:
        self.due, self.done = asyncio.Event(), asyncio.Event()

    async def sleep(self, _seconds: float) -> None:
        """Until the test wants a look; by then the one before is done."""
        self.done.set()
        await self.due.wait()
        self.due.clear()

    async def look(self) -> None:
        """Have one look."""
        self.done.clear()
        self.due.set()
        await self.done.wait()


def write(file: Path, *kids: str) -> None:
    """Put a file of these keys in the place of the one before."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"keys": [dict(key_of(kid)) for kid in kids]}))
    new.replace(file)


def spoil(file: Path) -> None:
    """Leave half a file."""
    file.write_text("{")


def take_away(file: Path) -> None:
    """Leave none."""
    file.unlink()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The keys' file, with one key."""
    path = tmp_path / "sealing.json"
    write(path, "demo:visit:1")
    return path


@pytest.fixture
def keyring(file: Path) -> Keyring:
    """The service's ring."""
    return Keyring.from_file(file)


@pytest.fixture
async def looks(file: Path, keyring: Keyring) -> AsyncIterator[Looks]:
    """The ring follows its file."""
    looks = Looks()
    task = asyncio.create_task(follow(keyring, file, looks.sleep))
    await looks.done.wait()
    yield looks
    task.cancel()


def key_of_a_new_seal(keyring: Keyring) -> str:
    """Which of the two keys makes seals now."""
    sealed = keyring.seal("demo", "visit", Note(), referral_id=REFERRAL)
    second = Keyring({"keys": [key_of("demo:visit:2")]})
    try:
        second.open("demo", "visit", sealed, Note, purpose="test", referral_id=REFERRAL)
    except SealingError:
        return "first"
    return "second"


async def test_a_key_that_was_added_is_used(file: Path, keyring: Keyring, looks: Looks) -> None:
    """And not before the file was read again."""
    write(file, "demo:visit:1", "demo:visit:2")
    before = key_of_a_new_seal(keyring)
    await looks.look()

    assert ("first", "second") == (before, key_of_a_new_seal(keyring))


async def test_a_file_that_cannot_be_read_is_read_once_it_can(file: Path, keyring: Keyring, looks: Looks) -> None:
    """Until then the keys of before stay in use."""
    spoil(file)
    await looks.look()
    before = key_of_a_new_seal(keyring)
    take_away(file)
    await looks.look()
    write(file, "demo:visit:1", "demo:visit:2")
    await looks.look()

    assert ("first", "second") == (before, key_of_a_new_seal(keyring))
