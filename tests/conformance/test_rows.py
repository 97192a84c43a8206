import pytest

from shared.audit import Rows
from shared.ports import Stored


def row(n: int, **fields: object) -> Stored:
    """The n-th row of a chain."""
    return {"_id": f"c:{n:03d}", "number": n, "who": "nora", **fields}


async def ids(rows: Rows, query: Stored, direction: int = 1, limit: int = 10) -> list[str]:
    """Which rows match, in the order of their ids."""
    return [found["_id"] for found in await rows.find(query, [("_id", direction)], limit)]


class TestAppend:
    async def test_keeps_rows_as_they_are(self, rows: Rows) -> None:
        """Texts, numbers and nested lists come back equal: a hash was computed over them."""
        whole = row(1, text="é", opened=[["contact", "show", ""]], empty=[], nested={"a": 1})
        await rows.append([whole])

        assert [whole] == await rows.find({}, [("_id", 1)], 10)

    async def test_leaves_what_is_there(self, rows: Rows) -> None:
        """A batch of unknown outcome is appended again: what had landed stays, what had not is added."""
        await rows.append([row(1)])
        await rows.append([row(1, who="somebody else"), row(2)])

        assert [row(1), row(2)] == await rows.find({}, [("_id", 1)], 10)


class TestFind:
    @pytest.fixture(autouse=True)
    async def _with_rows(self, rows: Rows) -> None:
        await rows.append([row(n, referrals=[f"r{n}", "r9"], at=f"2026-12-0{n}") for n in (1, 2, 3)])

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, [1, 2, 3]),
            ({"number": 2}, [2]),
            ({"referrals": "r1"}, [1]),
            ({"referrals": "r9"}, [1, 2, 3]),
            ({"referrals": {"$in": ["r1", "r3"]}}, [1, 3]),
            ({"at": {"$gte": "2026-12-02", "$lt": "2026-12-03"}}, [2]),
            ({"_id": {"$gt": "c:001"}}, [2, 3]),
            ({"$or": [{"number": 1}, {"at": {"$gt": "2026-12-02"}}], "who": "nora"}, [1, 3]),
            ({"who": {"$ne": "nora"}}, []),
            ({"$and": [{"referrals": "r9"}, {"at": {"$lt": "2026-12-02"}}]}, [1]),
            ({"mark": {"$exists": False}}, [1, 2, 3]),
            ({"nothing": {"$gt": "a"}}, []),
        ],
    )
    async def test_gives_what_matches(self, rows: Rows, query: Stored, found: list[int]) -> None:
        """A field that is a list matches by each of its members."""
        assert [f"c:{n:03d}" for n in found] == await ids(rows, query)

    async def test_sorts_and_stops(self, rows: Rows) -> None:
        """Pages are read from the newest on."""
        assert ["c:003", "c:002"] == await ids(rows, {}, -1, 2)


class TestUnmark:
    async def test_takes_the_mark_away(self, rows: Rows) -> None:
        """And nothing else, from these rows alone; from one that has none, nothing."""
        await rows.append([row(1, mark=True), row(2, mark=True), row(3)])

        await rows.unmark(["c:001", "c:003", "c:009"], "mark")

        assert [row(1), row(2, mark=True), row(3)] == await rows.find({}, [("_id", 1)], 10)
        assert ["c:002"] == await ids(rows, {"mark": True})


class TestPrepare:
    async def test_can_be_repeated(self, rows: Rows) -> None:
        """Each replica does it when it starts."""
        indexes = [((("who", 1), ("_id", 1)), {"name": "who"})]
        await rows.prepare(indexes)
        await rows.prepare(indexes)
        await rows.append([row(1)])

        assert ["c:001"] == await ids(rows, {"who": "nora"})
        assert [] == await rows.missing(indexes)

    async def test_is_for_what_is_empty(self, rows: Rows) -> None:
        """A service builds at its start what costs nothing."""
        was_empty = await rows.is_empty()
        await rows.append([row(1)])

        assert (True, False) == (was_empty, await rows.is_empty())
