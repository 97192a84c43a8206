import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.cli.answers import Answer, answers_of
from deploy.cli.feed import Account
from deploy.cli.generate import SECOND, Sending, sendings
from deploy.cli.later import became_of, figures
from shared.identity import Role
from tests.unit.intake.running import Running, running

START = datetime(2026, 4, 6, 14, tzinfo=UTC)
"""When the intake of a test stands."""
FHIR = {"Content-Type": "application/fhir+json"}
BECAME = {
    "resent": "same",
    "supplied": "supplied",
    "changed": "to_a_person",
    "revoked": "cancelled",
    "replaced": "new_order",
    "held": "held",
    "resumed": "resumed",
    "deceased": "cancelled",
}


async def post(intake: Running, body: bytes) -> list[Answer]:
    """What intake answers to an EHR."""
    async with intake.client(Role.EHR) as client:
        return list(answers_of(await client.post("/fhir/R4", content=body, headers=FHIR)))


def spoken_of() -> list[Sending]:
    """The orders of a demo of forty of which their EHR speaks again."""
    return [sending for sending in sendings(40, START) if sending.later]


class TestLaterWords:
    async def test_come_to_what_they_mean(self) -> None:
        """Each is read by the real door: what it says is what intake does."""
        found: dict[str, Any] = {}
        async with running() as intake:
            for sending in spoken_of():
                [first] = await post(intake, sending.body)
                for message in sending.later:
                    [answer] = await post(intake, message.body)
                    found[message.word] = became_of(message.word, answer, 1, {first.referral_id})

        assert BECAME == found

    async def test_are_not_done_twice(self) -> None:
        """Whoever missed the answer sends it again; that it was here before may be its own first try."""
        found: dict[str, Any] = {}
        async with running() as intake:
            for sending in spoken_of():
                [first] = await post(intake, sending.body)
                for message in sending.later:
                    await post(intake, message.body)
                    [answer] = await post(intake, message.body)
                    found[message.word] = became_of(message.word, answer, 2, {first.referral_id})

        assert BECAME == found

    async def test_are_over_already_when_the_order_is(self) -> None:
        """What ended before is not counted as cancelled by a later word."""
        [sending] = [each for each in spoken_of() if each.kind == "revoked"]
        async with running() as intake:
            [first] = await post(intake, sending.body)
            await post(intake, sending.later[0].body)
            [answer] = await post(intake, sending.later[0].body)

        assert "over_already" == became_of("revoked", answer, 1, {first.referral_id})

    def test_are_of_a_few_orders_even_if_there_are_few(self) -> None:
        """Ten show what matters most; two hundred, each word twice."""

        def words(count: int) -> Counter[str]:
            return Counter(message.word for sending in sendings(count, START) for message in sending.later)

        assert Counter(["changed", "revoked"]) == words(10)
        assert Counter(dict.fromkeys(BECAME, 2)) == words(200)

    def test_leave_all_other_orders_as_they_are(self) -> None:
        """Whoever speaks of an order again sent it in FHIR; each number is of one order."""
        orders = [sending for sending in sendings(200, START) if sending.kind not in {*SECOND, "broken"}]

        assert all(sending.door == "fhir" for sending in orders if sending.later)
        numbers = [_number(json.loads(sending.body)) for sending in orders]
        assert len(set(numbers)) == len(numbers)


def _number(document: Any) -> str:
    if "entry" not in document:
        return str(document["order_number"])
    return str(document["entry"][0]["resource"]["identifier"][0]["value"])


class TestOrderByTextOnly:
    async def test_waits_for_a_person_who_chooses(self) -> None:
        """One of forty names no service that a pathway is for."""
        [sending] = [each for each in sendings(40, START) if each.kind == "no_pathway"]
        async with running() as intake:
            [answer] = await post(intake, sending.body)
            document = await intake.service.read(answer.referral_id)

        assert "awaiting_pathway" == document.state.situation


class TestFigures:
    @pytest.mark.parametrize("times", [1, 3])
    def test_count_by_word_and_by_outcome(self, times: int) -> None:
        """Both add up to all that was said."""
        account = Account(replacing=["demo-a"])
        account.later.update({("held", "held"): times, ("revoked", "held"): 1, ("revoked", "cancelled"): 1})

        assert {
            "sent": times + 2,
            "new": 1,
            "by_outcome": {"cancelled": 1, "held": times + 1},
            "by_word": {"held": {"held": times}, "revoked": {"cancelled": 1, "held": 1}},
        } == figures(account)
