from datetime import UTC, datetime, timedelta

import pytest

from shared.ports import Collection, Stored, Unsaved

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def document(key: str, version: int = 1, **fields: object) -> Stored:
    """A document of the shape that aggregates have."""
    return {"_id": key, "version": version, "outbox": [], "calls": [], **fields}


async def stored(store: Collection, key: str) -> Stored:
    """The document as it rests."""
    return (await store.load([key]))[key]


class TestLoad:
    async def test_gives_what_was_saved(self, store: Collection) -> None:
        """Values come back as they went in: nested, empty, null, of every type that documents use."""
        whole = document("a", text="é", at=NOON, nested={"x": [1, {"y": None}], "z": {}}, raw=b"\xff\x00", share=0.5)
        await store.save([whole])

        assert {"a": whole} == await store.load(["a"])

    async def test_leaves_out_what_does_not_exist(self, store: Collection) -> None:
        """A new referral has no document, and that is no error."""
        await store.save([document("a")])

        assert ["a"] == list(await store.load(["a", "b"]))
        assert {} == await store.load(["b"])

    async def test_gives_copies(self, store: Collection) -> None:
        """Who changes what he loaded changes nothing before he saves."""
        await store.save([document("a", nested={"x": 1})])

        (await stored(store, "a"))["nested"]["x"] = 2

        assert {"x": 1} == (await stored(store, "a"))["nested"]

    async def test_keeps_instants_to_the_millisecond(self, store: Collection) -> None:
        """Finer than that the database does not remember, so nothing may lean on it."""
        await store.save([document("a", at=NOON + timedelta(microseconds=1_999))])

        assert NOON + timedelta(milliseconds=1) == (await stored(store, "a"))["at"]


class TestSave:
    async def test_replaces_the_version_below(self, store: Collection) -> None:
        """Whoever has seen version 1 may write version 2, and all of version 1 is gone."""
        await store.save([document("a", told=1, only_first=True)])

        assert frozenset() == await store.save([document("a", 2, told=2)])
        assert document("a", 2, told=2) == await stored(store, "a")

    @pytest.mark.parametrize("mebibytes", [16, 17, 50])
    async def test_takes_nothing_that_is_too_large(self, store: Collection, mebibytes: int) -> None:
        """That is no outage, after which the same might be taken; servers and clients refuse it in different ways."""
        with pytest.raises(Unsaved) as raised:
            await store.save([document("b"), document("a", raw=bytes(mebibytes * 1024 * 1024)), document("c")])

        assert {"a"} == raised.value.ids
        assert {} == await store.load(["a"])

    @pytest.mark.parametrize("what", [2**63, object()])
    async def test_names_what_cannot_be_written_at_all(self, store: Collection, what: object) -> None:
        """A number beyond 64 bits, a value of no kind that the database has: of the others nobody knows."""
        with pytest.raises(Unsaved) as raised:
            await store.save([document("b"), document("a", what=what)])
        with pytest.raises(Unsaved) as raised_by_row:
            await store.append([{"_id": "r", "what": what}])

        assert {"a"} == raised.value.ids
        assert {"r"} == raised_by_row.value.ids

    async def test_names_the_one_that_came_second(self, store: Collection) -> None:
        """Two who both have seen version 1: the second changes nothing, and hears it."""
        await store.save([document("a")])
        await store.save([document("a", 2, by="first")])

        assert {"a"} == await store.save([document("a", 2, by="second")])
        assert "first" == (await stored(store, "a"))["by"]

    async def test_names_the_second_creator(self, store: Collection) -> None:
        """Two who both found nothing are no different."""
        await store.save([document("a", by="first")])

        assert {"a"} == await store.save([document("a", by="second")])
        assert "first" == (await stored(store, "a"))["by"]

    async def test_names_the_losers_of_a_batch_and_saves_the_rest(self, store: Collection) -> None:
        """One referral's conflict is nobody else's, wherever in the batch it stands."""
        await store.save([document("b"), document("d")])
        await store.save([document("b", 2, by="first"), document("d", 2, by="first")])
        batch = [document("a"), document("b", 2), document("c"), document("d", 2), document("e")]

        assert {"b", "d"} == await store.save(batch)
        assert {"a", "b", "c", "d", "e"} == set(await store.load(["a", "b", "c", "d", "e"]))
        assert ["first", "first"] == [(await stored(store, key))["by"] for key in "bd"]

    async def test_refuses_a_zombie_however_old(self, store: Collection) -> None:
        """A save that was on its way for long has missed several versions, not only one."""
        for version in range(1, 5):
            await store.save([document("a", version)])

        assert {"a"} == await store.save([document("a", 2)])
        assert 4 == (await stored(store, "a"))["version"]


class TestClear:
    async def test_empties_the_outbox_of_the_version_named(self, store: Collection) -> None:
        """What was acknowledged need not be sent again, and the rest of the document stays as it is."""
        await store.save([document("a", outbox=[{"n": 1}], unpublished_at=NOON, told=1)])

        await store.clear({"a": 1})

        assert document("a", told=1) == await stored(store, "a")
        assert [] == await store.unpublished(LATER, 10)

    async def test_stays_quiet_when_it_was_saved_since(self, store: Collection) -> None:
        """The newer outbox may hold what nobody has sent."""
        await store.save([document("a", outbox=[{"n": 1}], unpublished_at=NOON)])
        newer = document("a", 2, outbox=[{"n": 1}, {"n": 2}], unpublished_at=NOON)
        await store.save([newer])

        await store.clear({"a": 1, "b": 1})

        assert newer == await stored(store, "a")

    async def test_leaves_the_version(self, store: Collection) -> None:
        """Clearing is no change to the aggregate: who has loaded it before may still save."""
        await store.save([document("a", outbox=[{"n": 1}], unpublished_at=NOON)])
        await store.clear({"a": 1})

        assert frozenset() == await store.save([document("a", 2)])


class TestAppend:
    async def test_keeps_what_was_there_first(self, store: Collection) -> None:
        """Rows are immutable: the same one again, or another under its name, changes nothing."""
        first = {"_id": "a:1", "subject": "a", "said": "first"}
        await store.append([first])

        await store.append([{"_id": "a:1", "subject": "a", "said": "second"}, {"_id": "a:2", "subject": "a"}])

        rows = {row["_id"]: row for row in await store.find_rows({"subject": "a"}, 10)}
        assert {"a:1", "a:2"} == set(rows)
        assert first == rows["a:1"]


class TestFindRows:
    async def test_sorts_and_goes_on_from_a_place(self, store: Collection) -> None:
        """A history is read in pages, by several fields, in both directions; a range stays within a type."""
        places = [("b", 2), ("a", 10), ("b", 1), ("a", 9), ("b", "1")]
        await store.append([{"_id": str(n), "subject": "s", "at": at, "n": n_} for n, (at, n_) in enumerate(places)])
        beyond = {"$or": [{"at": {"$gt": "a"}}, {"at": "a", "n": {"$gt": 9}}]}
        numbers = {"subject": "s", "n": {"$gt": 0, "$lte": 10}}

        upwards = await store.find_rows(numbers, 10, [("at", 1), ("n", 1)])
        downwards = await store.find_rows(numbers, 2, [("at", -1), ("n", -1)])
        rest = await store.find_rows({**numbers, "$and": [beyond]}, 10, [("at", 1), ("n", 1)])

        assert [("a", 9), ("a", 10), ("b", 1), ("b", 2)] == [(row["at"], row["n"]) for row in upwards]
        assert [("b", 2), ("b", 1)] == [(row["at"], row["n"]) for row in downwards]
        assert upwards[1:] == rest


class TestDue:
    async def test_names_the_earliest_first(self, store: Collection) -> None:
        """A clock that is behind does what is oldest before it does the rest."""
        times = {"a": 30, "b": 10, "c": 20}
        await store.save([document(k, slot=1, wake_at=NOON + timedelta(minutes=m)) for k, m in times.items()])

        assert ["b", "c", "a"] == await store.due(LATER, None, 10)
        assert ["b", "c"] == await store.due(LATER, None, 2)

    async def test_includes_the_instant_itself_and_nothing_after(self, store: Collection) -> None:
        """What is due at noon is due at noon."""
        after = NOON + timedelta(milliseconds=1)
        await store.save([document("a", slot=1, wake_at=NOON), document("b", slot=1, wake_at=after)])

        assert ["a"] == await store.due(NOON, None, 10)

    async def test_keeps_to_the_slots_given(self, store: Collection) -> None:
        """A replica looks first at the slots that it was assigned, and without slots at all of them."""
        await store.save([document(str(slot), slot=slot, wake_at=NOON) for slot in range(4)])

        assert {"1", "3"} == set(await store.due(NOON, [1, 3], 10))
        assert {"0", "1", "2", "3"} == set(await store.due(NOON, None, 10))
        assert [] == await store.due(NOON, [], 10)

    async def test_passes_over_what_sleeps_for_ever(self, store: Collection) -> None:
        """A closed referral has no instant at which it wakes."""
        await store.save([document("a", slot=1)])

        assert [] == await store.due(LATER, None, 10)


class TestUnpublished:
    async def test_finds_what_has_waited(self, store: Collection) -> None:
        """The sweep takes outboxes over whose sender is gone, and leaves the young ones to their own."""
        old = document("a", outbox=[{"n": 1}], unpublished_at=NOON)
        young = document("b", outbox=[{"n": 1}], unpublished_at=LATER)
        await store.save([old, young, document("c")])

        assert [old] == await store.unpublished(NOON, 10)
        assert 1 == len(await store.unpublished(LATER, 1))

    async def test_tells_since_when_the_oldest_waits(self, store: Collection) -> None:
        """The age of the oldest outbox is a figure of every few seconds, however many outboxes wait."""
        assert None is await store.unpublished_since(LATER)
        old, young = (document(key, unpublished_at=at) for key, at in (("b", NOON), ("a", LATER)))
        await store.save([young, old, document("c")])

        assert NOON == await store.unpublished_since(LATER)
        assert None is await store.unpublished_since(NOON - timedelta(seconds=1))


class TestParked:
    async def test_goes_through_them_by_id(self, store: Collection) -> None:
        """An operator's list is read page by page, and none is shown twice or left out."""
        await store.save([document(key, is_parked=True) for key in "dacb"] + [document("e"), document("f")])

        first = await store.parked(None, 3)
        rest = await store.parked(first[-1]["_id"], 3)

        assert ["a", "b", "c"] == [found["_id"] for found in first]
        assert ["d"] == [found["_id"] for found in rest]

    async def test_leaves_out_what_may_be_megabytes(self, store: Collection) -> None:
        """What waits may be as large as a document can be, and whoever looks through them has a small memory."""
        waiting = {"sequence": 3, "headers": [["id", b"1"]], "value": bytes(2**20)}
        letter = {"sequence": 0, "headers": [], "value": bytes(2**20)}
        outbox = [{"n": 1, "topic": "dlq", "body": bytes(2**20)}]
        await store.save(
            [
                document("a", is_parked=True, waiting=[["intake", waiting]], letters=[["t:0:1", letter]]),
                document("b", is_parked=True, letters=[["t:0:2", None]]) | {"outbox": outbox},
            ]
        )

        found = {each["_id"]: each for each in await store.parked(None, 10)}

        assert [["intake", waiting | {"value": None}]] == found["a"]["waiting"]
        assert [["t:0:1", letter | {"value": None}]] == found["a"]["letters"]
        assert [["t:0:2", None]] == found["b"]["letters"]
        assert [outbox[0] | {"body": None}] == found["b"]["outbox"]
        assert bytes(2**20) == (await stored(store, "a"))["waiting"][0][1]["value"]

    @pytest.mark.parametrize("spoiled", [None, "text", 7, [], [None], [[]], [["intake"]], {"value": 1}])
    async def test_shows_what_somebody_spoiled_as_it_is(self, store: Collection, spoiled: object) -> None:
        """Who reads it notices; the page is there all the same."""
        await store.save([document("a", is_parked=True, waiting=spoiled), document("b", is_parked=True)])

        assert ["a", "b"] == [found["_id"] for found in await store.parked(None, 10)]

    async def test_are_counted_no_further_than_asked(self, store: Collection) -> None:
        """Somebody looks every few seconds, also when everything is parked."""
        await store.save([document(key, is_parked=True) for key in "abcd"] + [document("e"), document("f")])

        assert 4 == await store.count_parked(10)
        assert 3 == await store.count_parked(3)
