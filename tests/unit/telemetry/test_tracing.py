"""A trace goes from the request through the fact to the reaction, and nothing but its ids goes with it."""

import asyncio

import pytest

from shared.telemetry import child_of, current_traceparent

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _ones(length: int) -> bytes:
    return b"\x11" * length


class TestChildOf:
    def test_continues_the_trace_as_a_new_span(self) -> None:
        """W3C: the trace id and flags stay, the parent id is ours."""
        with child_of(PARENT, _ones) as traceparent:
            assert "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01" == traceparent

    def test_keeps_a_caller_who_does_not_sample(self) -> None:
        """The caller decides whether the trace is recorded."""
        with child_of(PARENT[:-2] + "00", _ones) as traceparent:
            assert traceparent.endswith("-00")

    @pytest.mark.parametrize(
        "broken",
        [
            None,
            "",
            "garbage",
            PARENT + "-extra",
            PARENT.upper(),
            "ff" + PARENT[2:],
            "00-" + "0" * 32 + "-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
            PARENT + "\n",
        ],
    )
    def test_begins_a_new_trace_without_a_well_formed_one(self, broken: str | None) -> None:
        """What is malformed is not carried on: it could hold anything."""
        with child_of(broken, _ones) as traceparent:
            assert f"00-{'11' * 16}-{'11' * 8}-01" == traceparent

    def test_ends_with_its_block(self) -> None:
        """After the work the context is what it was before."""
        with child_of(PARENT) as outer:
            with child_of(outer):
                pass

            assert outer == current_traceparent()
        assert current_traceparent() is None

    async def test_is_each_tasks_own(self) -> None:
        """Two requests at once do not mix their traces."""

        async def work(number: int) -> bool:
            with child_of(f"00-{number:032x}-b7ad6b7169203331-01"):
                await asyncio.sleep(0)
                return f"{number:032x}" in (current_traceparent() or "")

        assert [True, True, True] == await asyncio.gather(*map(work, (1, 2, 3)))
