"""Every key of every kind is replaced while orders come in: nothing is lost, doubled, parked or unreadable."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.platform import registry
from deploy.platform.rotation import KINDS, rotate
from shared.identity import Role
from tests.access.conftest import SERVICES
from tests.support.five_services.keyrings import key_of
from tests.support.five_services.running import FiveServices, open_services
from tests.unit.intake.invented import own

LATER = 4_000_000_000
ORDERS = 24
SEAL = re.compile(r"eyJ[A-Za-z0-9_-]+(?=\.\.)")


@pytest.fixture
async def five() -> AsyncIterator[FiveServices]:
    """The five services, whose outside has nothing."""
    async with open_services(lambda _request: httpx2.Response(404)) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The key files of all services, as they have them now."""
    for service, kinds in registry.audiences().items():
        keys = [dict(key_of(f"demo:{kind}:1")) for kind in kinds]
        (tmp_path / f"{service}.json").write_text(json.dumps({"keys": keys}))
    return tmp_path


async def place(five: FiveServices, number: int) -> Any:
    """An order at intake's door."""
    return await five.ask("intake", "POST", "/v1/referrals", Role.COORDINATOR, json=own(order_number=f"R-{number}"))


async def read_one_after_the_other(five: FiveServices, folder: Path) -> None:
    """Each service reads its file; whatever is due in between is done."""
    for service in SERVICES:
        five.rings[service].read(folder / f"{service}.json")
        for _ in range(50):
            await asyncio.sleep(0)


def begin(folder: Path) -> None:
    """The time has come at which the next keys are used."""
    for file in folder.iterdir():
        file.write_text(file.read_text().replace(str(LATER), "0"))


async def known_to_all(five: FiveServices, referral_id: str) -> None:
    """Wait until every service has taken it in."""

    async def look() -> bool:
        return all([await five.state(service, referral_id) for service in SERVICES])

    await five.until(look)


def keys_of_seals(state: Any) -> set[str]:
    """The names of the keys by which the seals in a document were made."""
    headers = SEAL.findall(json.dumps(state, default=str))
    return {json.loads(base64.urlsafe_b64decode(each + "=="))["kid"] for each in headers}


async def test_all_keys_are_replaced_under_load(five: FiveServices, folder: Path) -> None:
    """Orders come before, while replicas learn of the next keys, while these begin, and after; and all come again."""
    for kind in KINDS:
        rotate(folder, "demo", kind, LATER)
    before = [await place(five, number) for number in range(ORDERS // 4)]
    during = [asyncio.create_task(place(five, number)) for number in range(ORDERS // 4, ORDERS // 2)]
    await read_one_after_the_other(five, folder)
    during += [asyncio.create_task(place(five, number)) for number in range(ORDERS // 2, 3 * ORDERS // 4)]
    begin(folder)
    await read_one_after_the_other(five, folder)
    after = [await place(five, number) for number in range(3 * ORDERS // 4, ORDERS)]
    ids = [answer.json()["referral_id"] for answer in [*before, *await asyncio.gather(*during), *after]]
    for id_ in ids:
        await known_to_all(five, id_)
    again = [await place(five, number) for number in range(ORDERS)]
    parked = [(await five.ask(each, "GET", "/v1/parked", Role.OPERATOR)).json()["parked"] for each in SERVICES]

    assert ORDERS == len(set(ids))
    assert ids == [answer.json()["referral_id"] for answer in again]
    assert ["true"] * ORDERS == [answer.headers.get("Idempotent-Replayed") for answer in again]
    assert [[]] * len(SERVICES) == parked
    assert {f"demo:{kind}:1" for kind in ("contact", "clinical", "coverage", "logistics")} == keys_of_seals(
        await five.state("intake", ids[0])
    )
    assert {f"demo:{kind}:2" for kind in ("contact", "clinical", "coverage", "logistics")} == keys_of_seals(
        await five.state("intake", ids[-1])
    )
