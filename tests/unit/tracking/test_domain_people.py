"""What people do on the worklist: claim, release, note."""

import itertools
from dataclasses import replace

import pytest

from services.tracking.domain import (
    INITIAL,
    MOST_NOTES,
    AddNote,
    Assignment,
    AssignReferral,
    Note,
    Projection,
    ReleaseReferral,
    allowed,
    decide,
)
from shared.contracts.intake import ReferralClosed
from shared.contracts.language import Actor
from shared.errors import Conflict, NotFound, Rejected
from tests.unit.tracking.telling import CASEY, LEE, NOON, Telling, fold, step

OPEN = fold([Telling().received(step("complete_referral", "coordinator"))])


def claim(by: Actor = CASEY) -> AssignReferral:
    """Somebody claims at noon."""
    return AssignReferral(at=NOON, by=by, channel="console")


def release(by: Actor = CASEY, by_lead: bool = False) -> ReleaseReferral:
    """Somebody releases at noon."""
    return ReleaseReferral(at=NOON, by=by, channel="console", by_lead=by_lead)


def note(by: Actor = CASEY) -> AddNote:
    """Somebody notes at noon that a message was left."""
    return AddNote(at=NOON, by=by, channel="console", code="left_message")


class TestClaimReferral:
    def test_gives_it_to_who_asks(self) -> None:
        """Who, and since when."""
        assert Assignment("casey.coordinator", NOON) == fold([claim()], OPEN).claim

    def test_stays_quiet_when_it_is_theirs(self) -> None:
        """A second click changes nothing, not even since when."""
        assert [] == decide(claim(), fold([claim()], OPEN))

    def test_refuses_what_somebody_else_has(self) -> None:
        """Two people do not work on one referral unknowingly."""
        with pytest.raises(Conflict, match="Somebody else"):
            decide(claim(LEE), fold([claim()], OPEN))

    def test_refuses_where_there_is_nothing_to_do(self) -> None:
        """A closed referral is nobody's work."""
        closed = fold([Telling()("intake", ReferralClosed, outcome="completed")])

        with pytest.raises(Rejected, match="Nobody needs"):
            decide(claim(), closed)

    def test_refuses_what_nobody_told_of(self) -> None:
        """An id that was never heard is answered like one of another tenant."""
        with pytest.raises(NotFound):
            decide(claim(), INITIAL)


class TestReleaseReferral:
    def test_gives_it_back(self) -> None:
        """Then anybody may claim it."""
        released = fold([claim(), release()], OPEN)

        assert released.claim is None
        assert decide(claim(LEE), released)

    def test_stays_quiet_when_nobody_has_it(self) -> None:
        """Released twice is released."""
        assert [] == decide(release(), OPEN)

    def test_refuses_another_person(self) -> None:
        """What is theirs stays theirs."""
        with pytest.raises(Conflict, match="a lead"):
            decide(release(LEE), fold([claim()], OPEN))

    def test_lets_a_lead_release_for_others(self) -> None:
        """Somebody went home ill."""
        assert fold([claim(), release(LEE, by_lead=True)], OPEN).claim is None

    def test_refuses_what_nobody_told_of(self) -> None:
        """An id that was never heard is answered like one of another tenant."""
        with pytest.raises(NotFound):
            decide(release(), INITIAL)


class TestAddNote:
    def test_keeps_who_did_what_and_when(self) -> None:
        """In the order in which it was done."""
        projection = fold([note(), note(LEE)], OPEN)

        assert (Note("left_message", CASEY.id, NOON), Note("left_message", LEE.id, NOON)) == projection.notes

    def test_the_same_again_is_another_note(self) -> None:
        """A second voicemail is not the first one; a retry of one request is told apart by its Idempotency-Key."""
        assert 1 == len(decide(note(), fold([note()], OPEN)))

    def test_refuses_more_than_a_document_holds(self) -> None:
        """A referral cannot be made unsavable by writing on it."""
        full = replace(OPEN, notes=tuple(itertools.repeat(Note("left_message", CASEY.id, NOON), MOST_NOTES)))

        with pytest.raises(Rejected, match="at most"):
            decide(note(), full)

    def test_refuses_what_nobody_told_of(self) -> None:
        """An id that was never heard is answered like one of another tenant."""
        with pytest.raises(NotFound):
            decide(note(), INITIAL)


class TestAllowed:
    @pytest.mark.parametrize(
        ("projection", "by", "by_lead", "names"),
        [
            (INITIAL, CASEY, False, set()),
            (OPEN, CASEY, False, {"claim", "note"}),
            (fold([claim()], OPEN), CASEY, False, {"release", "note"}),
            (fold([claim()], OPEN), LEE, False, {"note"}),
            (fold([claim()], OPEN), LEE, True, {"release", "note"}),
        ],
    )
    def test_is_what_the_decider_would_do(
        self, projection: Projection, by: Actor, by_lead: bool, names: set[str]
    ) -> None:
        """A button is there exactly when pressing it does something."""
        assert names == allowed(projection, by, NOON, by_lead=by_lead)
