"""When another system says that it may be asked again, and that it is not asked before."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from shared.effects import NotTaken, exchange
from shared.effects.protocol import EffectRecord, backoff, begin, fold, next_action, quarantine
from shared.effects.retry_after import LONGEST_S, retry_after_s
from shared.errors import Unknown
from shared.ports import Answer, Traits

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"
TRAITS = Traits(can_ask=True, dedupes=True)


def sent(tries: int = 0) -> EffectRecord:
    """An effect whose first call is under way."""
    record = EffectRecord("submission", 1, "payer", 0, tries=tries)
    begin(record, "send", NOON, "token")
    return record


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("120", 120.0),
            (" 0 ", 0.0),
            ("Mon, 02 Mar 2026 12:05:00 GMT", 300.0),
            ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
            ("Mon, 02 Mar 2099 12:00:00 GMT", LONGEST_S),
            ("99999999999999999999", LONGEST_S),
            *(
                (odd, None)
                for odd in ("", "-1", "1.5", "soon", "\u0663", "Mon, 99 Mar 2026 12:05:00 GMT", "9" * 5000 + "x")
            ),
        ],
    )
    def test_is_seconds_or_a_date_and_bounded(self, value: str, seconds: float | None) -> None:
        """What nobody understands asks for nothing; nobody is waited for longer than an hour."""
        assert seconds == retry_after_s({"Retry-After": value, "Date": DATE})

    def test_of_a_date_needs_to_know_when_that_was_said(self) -> None:
        """Their clock may be wrong, and ours too: a date is only as good as the one that it is compared with."""
        assert None is retry_after_s({"Retry-After": "Mon, 02 Mar 2026 12:05:00 GMT"})
        assert None is retry_after_s({})


class TestExchange:
    @pytest.mark.parametrize(("status", "raised"), [(429, NotTaken), (503, Unknown), (409, NotTaken)])
    async def test_says_what_was_asked_for(self, status: int, raised: type[NotTaken | Unknown]) -> None:
        """Whether it happened and when to come back are two things."""
        said = httpx2.MockTransport(lambda _: httpx2.Response(status, headers={"Retry-After": "90"}))
        async with httpx2.AsyncClient(transport=said) as http:
            with pytest.raises(raised) as found:
                await exchange(http, "PUT", "https://payer.example", not_taken=(409,))

        assert 90.0 == getattr(found.value, "retry_after_s", None)


class TestFold:
    def test_waits_for_what_was_not_taken(self) -> None:
        """Not before they want it: to ask sooner makes it worse for everybody."""
        record = sent()

        fold(record, 1, Answer("not_taken", retry_after_s=600), NOON, TRAITS)

        assert ("send", NOON + timedelta(seconds=600)) == next_action(record, TRAITS)

    def test_waits_for_what_nobody_knows(self) -> None:
        """A 503 may have come after the effect: it is asked after, and not before they want that."""
        record = sent()

        fold(record, 1, Answer("unknown", retry_after_s=600), NOON, TRAITS)

        assert ("ask", NOON + timedelta(seconds=600)) == next_action(record, TRAITS)

    @pytest.mark.parametrize("word", ["not_taken", "unknown"])
    def test_uses_up_no_try(self, word: str) -> None:
        """A person is asked where nobody answers; who says when to come back does."""
        record = sent()
        for number in range(1, 40):
            fold(record, number, Answer(word, retry_after_s=600), NOON, TRAITS)  # type: ignore[arg-type] # one of them
            begin(record, "send", NOON + timedelta(hours=number), "token")

        assert record.tries < 2
        assert not record.has_person

    @pytest.mark.parametrize("seconds", [None, 0, 1])
    def test_keeps_its_own_pause_where_that_is_longer(self, seconds: float | None) -> None:
        """One second, said in every overload, would only bring everybody back."""
        record = sent(tries=3)

        fold(record, 1, Answer("not_taken", retry_after_s=seconds), NOON, TRAITS)

        assert (4, NOON + backoff(4, "token")) == (record.tries, record.retry_at)

    def test_never_asks_sooner_than_a_call_may_land(self) -> None:
        """What nobody knows stays so until it can no longer happen unseen."""
        record = sent()

        fold(record, 1, Answer("unknown", retry_after_s=5), NOON, TRAITS)

        assert ("ask", NOON + quarantine(TRAITS)) == next_action(record, TRAITS)

    def test_of_the_same_answer_changes_nothing_the_second_time(self) -> None:
        """A save whose outcome is unknown is made again, a little later."""
        record = sent(tries=2)
        fold(record, 1, Answer("unknown", retry_after_s=600), NOON, TRAITS)
        later = NOON + timedelta(seconds=9)

        fold(record, 1, Answer("unknown", retry_after_s=600), later, TRAITS)

        assert (1, NOON + timedelta(seconds=600)) == (record.tries, record.retry_at)

    def test_says_nothing_of_a_call_that_is_over(self) -> None:
        """A later call was made since: what was said of an earlier one holds nothing back."""
        record = sent()
        begin(record, "ask", NOON, "token")

        fold(record, 1, Answer("unknown", retry_after_s=600), NOON, TRAITS)

        assert None is record.retry_at
