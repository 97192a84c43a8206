"""Two messages about one order, of each kind whose second once reached nobody."""

import os
from pathlib import Path
from typing import Any, Final

import pytest

from shared.identity import Role
from tests.unit.intake.route_calls import read
from tests.unit.intake.running import Running

SHARED: Final = Path(os.environ.get("THROUGHLINE_DOORS", "../shared/data/doors"))
ACTIVE: Final = {"in_progress", "awaiting_information"}


async def both(intake: Running, name: str) -> list[Any]:
    """What is answered to the two messages of an example."""
    if not (SHARED / f"{name}.1.json").is_file():
        pytest.skip(f"{SHARED} does not hold the example that this kind was found by")
    headers = {"Content-Type": "application/fhir+json"}
    async with intake.client(Role.EHR) as ehr:
        return [
            await ehr.post("/fhir/R4", content=(SHARED / f"{name}.{n}.json").read_bytes(), headers=headers)
            for n in (1, 2)
        ]


class TestPairs:
    async def test_revoked_afterwards(self, intake: Running) -> None:
        """The referral is cancelled."""
        first, second = await both(intake, "30-revoked-afterwards")

        assert [202, 202, first.json()["id"]] == [first.status_code, second.status_code, second.json()["id"]]
        assert "winding_down" == (await read(intake, first.json()["id"]))["state"]

    async def test_became_urgent(self, intake: Running) -> None:
        """A coordinator hears of it."""
        first, second = await both(intake, "31-became-urgent")
        shown = await read(intake, first.json()["id"])

        assert (202, ["/priority"]) == (second.status_code, shown["order_review"]["elements"])
        assert "review_changed_order" in {task["act"] for task in shown["tasks"]}

    async def test_replaced_by_a_new_order(self, intake: Running) -> None:
        """The old one ends; the new one goes on."""
        first, second = await both(intake, "33-replaced-by-a-new-order")
        states = [(await read(intake, answer.json()["id"]))["state"] for answer in (first, second)]

        assert "winding_down" == states[0]
        assert states[1] in ACTIVE

    async def test_sent_again_with_what_was_asked_for(self, intake: Running) -> None:
        """What is there now is taken."""
        first, _ = await both(intake, "34-sent-again-with-what-was-asked-for")
        shown = await read(intake, first.json()["id"])

        assert (None, None) == (shown["order_review"], shown["information_request"])

    async def test_only_a_blank_or_the_order_of_reasons_differs(self, intake: Running) -> None:
        """The same order."""
        _, second = await both(intake, "35-only-a-blank-or-the-order-of-reasons-differs")

        assert (202, "true") == (second.status_code, second.headers.get("Idempotent-Replayed"))
