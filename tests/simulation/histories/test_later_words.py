"""A later version of the product tells words that the services of today do not know: they go on, and lose nothing."""

import json
from dataclasses import replace

import httpx2

from shared.ports import Received
from tests.contracts.later import WORD, with_words_of_later
from tests.simulation.histories import course
from tests.simulation.histories.orders import order
from tests.simulation.histories.outside import answering, hoped_for
from tests.simulation.histories.stepped_services import SteppedServices
from tests.support.memory import EPOCH

ROUNDS = 40


def later(record: Received) -> Received:
    """The record as a later version would tell it."""
    type_ = dict(record.headers)["ce_type"].decode()
    told = with_words_of_later(json.loads(record.value or b""), type_)
    return replace(record, value=json.dumps(told).encode())


def played() -> SteppedServices:
    """A referral from its order on, while every reader hears words of later alone."""
    house = SteppedServices(EPOCH)
    headers = {"Authorization": "Bearer clinician:sam.clinician"}
    body = order(hoped_for, house.now)
    house.ask("intake", httpx2.Request("POST", "http://intake.example/v1/referrals", json=body, headers=headers))
    for _ in range(ROUNDS):
        for line in house.undelivered():
            house.deliver(line, later)
        course.call_all(house, answering(hoped_for, house.now))
        due = house.next_wake()
        if due and not house.undelivered():
            house.move_to(due)
            house.ring()
    return house


class TestWordsOfLater:
    def test_hold_nothing_up(self) -> None:
        """Nothing parks, nothing fails, all that rests can be read; a visit comes about, and the patient is told."""
        house = played()
        try:
            [key] = house.referrals()
            kinds = {dict(r.headers)["ce_type"].split(b".")[-2] for told in house.told.values() for r in told}
            waiting = [d.id for place in house.places for d in house.documents(place).values() if d.something_waits]
            assert ([], []) == (waiting, house.faults)
            assert {b"booked", b"sent"} <= kinds
            track = house.state("tracking", key)
            assert {WORD} == {task.owner for story in track.stories.values() for task in story.tasks}
            assert "other" == track.standing.next.owner
        finally:
            house.close()
