"""RecordEnvelope: what every service tells is taken in once, and decides where the referral stands."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.tracking.domain import (
    INITIAL,
    AddNote,
    AssignReferral,
    Projection,
    RecordEnvelope,
    Stream,
    decide,
    next_due,
    tasks,
)
from shared.contracts.authorization import AuthorizationDenied, CoverageNotVerified
from shared.contracts.intake import (
    ConsultReportReceived,
    InformationRequested,
    InformationSupplied,
    ReferralCancelled,
    ReferralClosed,
    ReferralFoundComplete,
)
from shared.contracts.language import EffectNeedsPerson, Tick
from shared.contracts.notifications import MessageSent
from shared.contracts.processing import ReferralParked, ReferralUnparked
from shared.contracts.scheduling import VisitFulfilled
from shared.errors import Rejected
from tests.unit.tracking.telling import BECAUSE, CASEY, NOON, Telling, after, fold, journey, step

CODEC = TypeAdapter(Projection)


class TestRecordEnvelope:
    def test_moves_the_telling_service_on(self) -> None:
        """Sequence, head and step belong to the service that told, and to no other."""
        due = step("complete_referral", "coordinator")

        projection = fold([Telling().received(due)])

        assert (1, (due,)) == (projection.stories["intake"].sequence, projection.stories["intake"].tasks)
        assert Stream() == projection.stories["scheduling"]

    def test_stays_quiet_when_delivered_twice(self) -> None:
        """A second copy of a fact changes nothing."""
        received = Telling().received()

        assert [] == decide(received, fold([received]))

    def test_stays_quiet_about_an_earlier_fact(self) -> None:
        """What came before is known already."""
        tell = Telling()
        first, second = tell.received(), tell("intake", ReferralFoundComplete)

        assert [] == decide(first, fold([first, second]))

    def test_goes_on_behind_a_hole_that_was_given_up(self) -> None:
        """An operator gave up what never came; the story goes on with what did."""
        tell = Telling()
        first = tell.received()
        third = tell("intake", ReferralFoundComplete, sequence=3)

        assert 3 == fold([first, third]).stories["intake"].sequence

    def test_keeps_the_last_tasks_of_each_service(self) -> None:
        """A fact without tasks says that its service waits for nothing."""
        tell = Telling()
        asked = tell(
            "scheduling", VisitFulfilled, step("record_outcome", "specialist"), visit_id="v", evidence="office"
        )
        rest = tell("scheduling", VisitFulfilled, visit_id="v", evidence="office")

        assert fold([asked]).stories["scheduling"].tasks
        assert () == fold([asked, rest]).stories["scheduling"].tasks

    def test_refuses_what_it_does_not_know(self) -> None:
        """Tracking makes no outbound calls, so nobody can ask a person about one."""
        command = EffectNeedsPerson(at=NOON, by=CASEY, channel="effect", kind="sms", effect_revision=1, in_doubt=False)

        with pytest.raises(Rejected, match="does not know"):
            decide(command, INITIAL)

    def test_leaves_time_to_the_others(self) -> None:
        """The services that own a deadline keep it: tracking arms no clock and a tick finds nothing."""
        projection = fold(told for story in journey().values() for told in story)

        assert next_due(projection) is None
        assert [] == decide(Tick(at=after(10**6), by=CASEY, channel="clock"), projection)


class TestSituation:
    def test_follows_intake(self) -> None:
        """Received, asked, answered, complete, cancelled, closed."""
        tell = Telling()
        request: dict[str, Any] = {"request_id": "r", "items": ("diagnosis",)}
        history = [
            tell.received(),
            tell("intake", InformationRequested, asked_of="referrer", **request),
            tell("intake", InformationSupplied, seals={}, **request),
            tell("intake", ReferralFoundComplete),
            tell("intake", ReferralCancelled, asked_by="patient", reason=BECAUSE),
            tell("intake", ReferralClosed, outcome="patient_declined"),
        ]

        situations = [fold(history[:n]).standing.situation for n in range(len(history) + 1)]

        assert [
            "unheard",
            "received",
            "awaiting_information",
            "received",
            "in_progress",
            "winding_down",
            "closed",
        ] == situations

    @pytest.mark.parametrize(
        ("kind", "situation"), [("final", "awaiting_acknowledgement"), ("interim", "awaiting_report")]
    )
    def test_waits_for_a_final_report_once_the_patient_was_seen(self, kind: str, situation: str) -> None:
        """An interim report does not end the wait."""
        tell = Telling()
        seen = tell("scheduling", VisitFulfilled, visit_id="v", evidence="office")
        before = [tell.received(), tell("intake", ReferralFoundComplete)]
        report = tell("intake", ConsultReportReceived, report_id="r", kind=kind, matched_by="visit_id")

        assert "awaiting_report" == fold([*before, seen]).standing.situation
        assert situation == fold([*before, seen, report]).standing.situation

    def test_care_that_happened_outlives_a_cancellation(self) -> None:
        """A visit that took place while the referral was winding down is owed a report."""
        tell = Telling()
        received = tell.received()
        cancelled = tell("intake", ReferralCancelled, asked_by="patient", reason=BECAUSE)
        seen = tell("scheduling", VisitFulfilled, visit_id="v", evidence="office")

        assert "awaiting_report" == fold([received, cancelled, seen]).standing.situation

    def test_stays_closed(self) -> None:
        """Facts after closing are told and change no outcome."""
        tell = Telling()
        closed = tell("intake", ReferralClosed, outcome="care_elsewhere")
        late = tell("intake", ConsultReportReceived, report_id="r", kind="addendum", matched_by="visit_id")
        seen = tell("scheduling", VisitFulfilled, visit_id="v", evidence="office")

        projection = fold([closed, late, seen])

        assert ("closed", "care_elsewhere") == (projection.standing.situation, projection.progress.outcome)


class TestMeasures:
    def test_time_from_intake_to_patient_told(self) -> None:
        """Counted in seconds to the first message about a booked visit, not to a later one about another."""
        tell = Telling()
        message: dict[str, Any] = {"message_id": "m", "about": "v", "attempt": 1, "medium": "sms"}
        history = [
            tell.received(),
            tell("notifications", MessageSent, minutes=5, kind="referral_received", **message),
            tell("notifications", MessageSent, minutes=30, kind="visit_booked", **message),
            tell("notifications", MessageSent, minutes=90, kind="visit_booked", **message),
        ]

        assert 30 * 60 == fold(history).standing.told_after_s
        assert fold(history[:2]).standing.told_after_s is None

    def test_the_payer_is_the_one_last_named(self) -> None:
        """A corrected coverage names another payer."""
        tell = Telling()
        check: dict[str, Any] = {"case_id": "c", "check_id": "k", "rank": 1, "line": "unknown", "valid_on": NOON.date()}
        denial: dict[str, Any] = {"peer_to_peer_until": NOON, "appeal_until": NOON, "request_id": "r", "case_id": "c"}
        history = [
            tell("authorization", CoverageNotVerified, payer="first-payer", reason=BECAUSE, **check),
            tell("authorization", AuthorizationDenied, payer="second-payer", reason=BECAUSE, **denial),
        ]

        assert ["first-payer", "second-payer"] == [fold(history[:n]).progress.payer for n in (1, 2)]


class TestParking:
    def test_shows_which_services_could_not_take_something_in(self) -> None:
        """Each service parks and unparks for itself, and the order of their names is always the same."""
        tell = Telling()
        history = [
            tell("scheduling", ReferralParked, reason=BECAUSE),
            tell("authorization", ReferralParked, reason=BECAUSE),
            tell("scheduling", ReferralUnparked),
        ]

        shown = [fold(history[:n]).standing.parked for n in range(4)]

        assert [(), ("scheduling",), ("authorization", "scheduling"), ("authorization",)] == shown


@st.composite
def interleavings(draw: st.DrawFn, stories: dict[str, list[RecordEnvelope]]) -> list[RecordEnvelope]:
    """What the stories may arrive as: any merge that keeps each service's own order, copies included."""
    labels = [service for service, story in stories.items() for _ in story]
    queues = {service: iter(story) for service, story in stories.items()}
    merged = [next(queues[service]) for service in draw(st.permutations(labels))]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(merged) - 1))
        merged.insert(draw(st.integers(at + 1, len(merged))), merged[at])
    return merged


class TestInterleaving:
    @for_all(history=interleavings(journey()))
    def test_any_interleaving_ends_in_the_same_bytes(self, history: list[RecordEnvelope]) -> None:
        """The read model is a function of the set of facts: rebuilt in any order it is the same, byte for byte."""
        straight = fold(told for story in journey().values() for told in story)

        assert CODEC.dump_json(straight) == CODEC.dump_json(fold(history))

    @for_all(history=interleavings(journey()))
    def test_people_change_nothing_of_it(self, history: list[RecordEnvelope]) -> None:
        """Claims and notes are tracking's own; what the services told stands beside them, untouched."""
        people = [
            AssignReferral(at=NOON, by=CASEY, channel="console"),
            AddNote(at=NOON, by=CASEY, channel="console", code="left_message"),
        ]

        busy = fold([history[0], *_tolerated(people, fold(history[:1])), *history[1:]])

        assert replace(fold(history), claim=busy.claim, notes=busy.notes) == busy

    @for_all(history=interleavings(journey()))
    def test_an_open_referral_always_waits_for_somebody(self, history: list[RecordEnvelope]) -> None:
        """From the moment that intake has told of it until it is closed: an act, an owner and a due time."""
        projection = INITIAL
        for told in history:
            projection = fold([told], projection)
            is_open = projection.standing.situation not in {"unheard", "closed"}
            # Acknowledging and closing are told in one write: between the two facts nobody has anything to do.
            is_closing = projection.stories["intake"].sequence == 4
            assert not is_open or is_closing or tasks(projection)


def _tolerated(commands: list[Any], projection: Projection) -> Iterator[Any]:
    for command in commands:
        try:
            decide(command, projection)
        except Rejected:
            continue
        yield command


class TestState:
    def test_rests_as_json_and_comes_back(self) -> None:
        """Nothing is lost between saving and loading."""
        projection = fold([*[told for story in journey().values() for told in story][:6]])

        assert projection == CODEC.validate_python(CODEC.dump_python(projection, mode="json"))

    def test_due_times_sort_as_text(self) -> None:
        """The store compares text: every due time rests in UTC and in one width, whatever zone and fraction it had."""
        tell = Telling()
        plain = fold([tell.received(step("complete_referral", "coordinator", 1))])
        sooner = fold([Telling().received(step("complete_referral", "coordinator", 0.9999))])

        texts = [
            CODEC.dump_python(projection, mode="json")["standing"]["next"]["due_at"] for projection in (sooner, plain)
        ]

        assert sorted(texts) == texts
        assert {32} == {len(text) for text in texts}
