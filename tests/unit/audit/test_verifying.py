from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import bson
import pytest

from shared.audit import AccessRecord, Broken, Head, Recorder, Verified, verify, verify_ledger
from tests.support.memory import Disk, MemoryRows, Weather

NOW_S = 1_800_000_000.0


def hash_of(row: Mapping[str, Any]) -> str:
    """As a ledger computes it."""
    return sha256(f"{row['prev']}{row['data']}".encode()).hexdigest()


def fact(n: int, data: str, prev: str = "") -> dict[str, Any]:
    """A row of a ledger."""
    row = {"_id": f"intake|demo-r|{n}", "prev": prev, "data": data}
    return {**row, "hash": hash_of(row)}


@dataclass
class House:
    """Tracking's records, and those of intake, of which it keeps a copy."""

    disk: Disk = field(default_factory=Disk)
    heads: dict[str, list[Head]] = field(default_factory=dict)

    def rows(self, name: str) -> MemoryRows:
        """A collection."""
        return MemoryRows(self.disk, name, Weather())

    async def write(self, chain: str, *subjects: str) -> Recorder:
        """A process of a service writes these, and its head is kept elsewhere."""
        service = chain.partition("-")[0]
        recorder = Recorder(service, self.rows(f"{service}.access"), chain, lambda: NOW_S)
        for subject in subjects:
            outcome = {"kind": "request", "service": service, "outcome": "allowed"}
            await recorder.write(AccessRecord(**outcome, at=recorder.now(), subject=subject))  # type: ignore[arg-type] # plain
        self.heads[chain] = [recorder.head]
        return recorder

    def remove(self, name: str, *ids: str) -> None:
        """Somebody takes rows out."""
        for id_ in ids:
            del self.disk.rows[name][id_]

    async def verified(self, service: str = "intake") -> Verified:
        """What is found."""
        return await verify(self.rows(f"{service}.access"), self.heads, service)


@pytest.fixture
async def house() -> House:
    """Two processes of intake have written."""
    found = House()
    await found.write("intake-1", "a", "b", "c")
    await found.write("intake-2", "d")
    return found


class TestVerify:
    async def test_finds_nothing_where_nothing_was_done(self, house: House) -> None:
        """Every chain, every record."""
        assert Verified(2, 4, ()) == await house.verified()

    async def test_finds_an_end_that_was_cut_off(self, house: House) -> None:
        """And goes on with the other chains."""
        house.remove("intake.access", "intake-1:000000000003")

        assert (Broken("intake-1", 3, "cut"),) == (await house.verified()).broken

    async def test_finds_a_chain_that_is_gone(self, house: House) -> None:
        """Nothing is left of it but its head."""
        house.remove("intake.access", "intake-2:000000000001")

        assert (Broken("intake-2", 1, "cut"),) == (await house.verified()).broken

    async def test_finds_a_chain_that_was_written_anew(self, house: House) -> None:
        """With all hashes."""
        kept = house.heads["intake-2"]
        house.remove("intake.access", "intake-2:000000000001")
        await house.write("intake-2", "somebody.else")
        house.heads["intake-2"] = kept

        assert (Broken("intake-2", 1, "rewritten"),) == (await house.verified()).broken

    async def test_of_a_copy_is_of_what_has_come(self, house: House) -> None:
        """It may be on its way; what is there must be what was signed."""
        copy = house.disk.rows["tracking.access"]
        copy.update({key: raw for key, raw in house.disk.rows["intake.access"].items() if key.startswith("intake-1")})
        del copy["intake-1:000000000003"]
        whole = await house.verified("tracking")
        spoiled = {**bson.decode(copy["intake-1:000000000002"]), "subject": "else"}
        copy["intake-1:000000000002"] = bson.encode(spoiled)

        assert () == whole.broken
        assert (Broken("intake-1", 2, "altered"),) == (await house.verified("tracking")).broken


class TestVerifyLedger:
    @pytest.fixture
    async def told(self, house: House) -> list[dict[str, Any]]:
        """Three facts in the ledger, of which the records know."""
        first = fact(1, "received")
        second = fact(2, "accepted", first["hash"])
        facts = [first, second, fact(3, "closed", second["hash"])]
        await house.rows("ledger").append(facts)
        recorder = await house.write("tracking-1")
        recorder.witnessed(facts[:2])
        recorder.witnessed(facts[2:])
        await recorder.close()
        return facts

    async def found(self, house: House) -> Verified:
        """What is found."""
        return await verify_ledger(house.rows("tracking.access"), house.rows("ledger"), hash_of)

    async def test_finds_nothing_where_nothing_was_done(self, house: House, told: list[dict[str, Any]]) -> None:
        """Every row that is on record."""
        assert Verified(0, len(told), ()) == await self.found(house)

    async def test_finds_a_history_that_was_written_anew(self, house: House, told: list[dict[str, Any]]) -> None:
        """An edit with all later hashes computed again makes a whole ledger, and another than was recorded."""
        del told
        first, second = fact(1, "received"), fact(2, "declined", fact(1, "received")["hash"])
        house.disk.rows["ledger"].clear()
        await house.rows("ledger").append([first, second, fact(3, "closed", second["hash"])])

        assert [(2, "rewritten"), (3, "rewritten")] == [(it.number, it.flaw) for it in (await self.found(house)).broken]

    async def test_finds_an_edit_and_what_is_gone(self, house: House, told: list[dict[str, Any]]) -> None:
        """Where it lies."""
        house.disk.rows["ledger"][told[1]["_id"]] = bson.encode({**told[1], "data": "declined"})
        house.remove("ledger", told[2]["_id"])

        assert [(2, "altered"), (3, "missing")] == [(it.number, it.flaw) for it in (await self.found(house)).broken]
