"""Follows the file of a service's keys while it runs: a key that is added or taken away needs no restart."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from shared.sealing.keyring import Keyring
from shared.sealing.seals import SealingError

EVERY_S: Final = 5.0
"""How often it is looked at. `throughline keys rotate` leaves many times as long before a key is used."""
_Look = tuple[int, int, int]


async def follow(keyring: Keyring, path: Path, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Take the keys of the file whenever it is another. What cannot be read changes nothing, and is tried again."""
    seen = _look(path)
    while True:
        await sleep(EVERY_S)
        now = _look(path)
        if now == seen:
            continue
        try:
            keyring.read(path)
        except SealingError as error:
            structlog.get_logger().error("the keys cannot be read, those of before stay", code=error.code)
        else:
            seen = now
            structlog.get_logger().info("the keys were read again")


def _look(path: Path) -> _Look | None:
    """What tells one file from another: also one that was put in its place within the same instant."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
