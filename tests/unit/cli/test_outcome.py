from typing import Any

from deploy.cli.outcome import disagreements

AGREES: dict[str, Any] = {
    "sent": {"sent": 10, "new": 7, "repeated": 1, "changed": 0, "refused": 2},
    "later": {"sent": 3, "new": 0},
    "sums": {"in": 7, "closed": 4, "waiting": 3},
    "tasks": 5,
    "waiting": [{"referral_id": n} for n in range(3)],
}


def changed(part: str, **figures: int) -> dict[str, Any]:
    """The figures that agree, but for these."""
    return {**AGREES, part: {**AGREES[part], **figures}}


class TestDisagreements:
    def test_has_none_when_all_is_accounted_for(self) -> None:
        """Whatever was sent is new, repeated or refused; whatever is in is closed or waits for somebody."""
        assert [] == disagreements(AGREES)

    def test_finds_an_order_without_an_answer(self) -> None:
        """An order that was sent and is none of the three was lost on the way in."""
        assert "10 were sent" in disagreements(changed("sent", repeated=0))[0]

    def test_finds_a_referral_that_tracking_does_not_know(self) -> None:
        """What intake took in must be seen by all."""
        assert "tracking knows 6" in disagreements(changed("sums", **{"in": 6, "waiting": 2}))[0]

    def test_counts_an_order_that_replaced_another(self) -> None:
        """It came later, and is a referral of its own."""
        assert [] == disagreements(
            {**changed("sums", **{"in": 8, "waiting": 4}), "later": {"sent": 3, "new": 1}, "tasks": 5}
        )
        assert "took in 8" in disagreements(changed("later", new=1))[0]

    def test_finds_a_referral_that_waits_for_nobody(self) -> None:
        """An open referral without owner and due time is the bug that this product is against."""
        assert ["1 of 7 are neither closed nor waiting for anybody"] == disagreements(changed("sums", waiting=2))

    def test_finds_a_referral_that_waits_without_a_task(self) -> None:
        """Each that waits has a task at the least; it may have several."""
        assert ["3 referrals wait, but 2 tasks are open"] == disagreements({**AGREES, "tasks": 2})
