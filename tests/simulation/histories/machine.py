"""A state machine of random histories: whatever may happen to referrals in the five services, in any order."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx2
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.errors import Rejected
from shared.ports import Received
from tests.simulation.histories import course
from tests.simulation.histories.agreement import disagreements
from tests.simulation.histories.bodies import Sent
from tests.simulation.histories.buttons import shown_doors, weighed
from tests.simulation.histories.doors import DOORS, Door, knock
from tests.simulation.histories.ehr import WORDS, Ehr, Message
from tests.simulation.histories.invariants import Truths
from tests.simulation.histories.orders import order
from tests.simulation.histories.outside import Choose, answering, hoped_for, in_order
from tests.simulation.histories.people import Person, is_stranger, of_any_office
from tests.simulation.histories.stepped_services import Behaviour, Line, SteppedServices, silence
from tests.simulation.histories.views import allowed
from tests.simulation.histories.worklist import wrong_lists
from tests.simulation.poison import SPOILS

SPOILT = tuple(SPOILS[how] for how in ("its data cannot be read", "its value is missing", "its version is unknown"))
REFERRALS_AT_MOST = 3
CALLBACKS = [door for door in DOORS if door.action is None]
COUNTED: Counter[str] = Counter()
"""Examples and steps, over all histories of this process."""


class Histories(RuleBasedStateMachine):
    """A few referrals that anything may happen to."""

    house: SteppedServices
    truths: Truths

    @initialize(begins=st.sampled_from(course.BEGINNINGS), rounds=st.sampled_from((0, 0, 2, 4, 6, 9)), data=st.data())
    def begin(self, begins: datetime, rounds: int, data: st.DataObject) -> None:
        """The house opens, a first order comes in, and may have come some way when the history begins."""
        COUNTED["examples"] += 1
        self.house = SteppedServices(begins)
        self.truths, self.ehr = Truths(self.house), Ehr(self.house)
        self.spoilt: dict[Line, list[Received]] = {}
        self.sent = 0
        self.receive(data)
        course.go_on(self.house, rounds, in_order(self.chooser(data)))

    def chooser(self, data: st.DataObject) -> Choose[Any]:
        """A choice that Hypothesis makes."""
        return lambda options: data.draw(st.sampled_from(options))

    @precondition(lambda self: len(list(self.house.referrals())) < REFERRALS_AT_MOST)
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        """An order comes in, perhaps of the same patient, perhaps the same order again, or another of its number."""
        choose = self.chooser(data)
        self.tell(self.ehr.places(order(choose, self.house.now), choose))

    @precondition(lambda self: self.ehr.placed)
    @rule(data=st.data(), word=st.sampled_from(WORDS))
    def say(self, data: st.DataObject, word: str) -> None:
        """The EHR speaks of an order again: changed, on hold, active, taken back, replaced, under a second number."""
        self.tell(self.ehr.says(word, self.chooser(data)))

    def tell(self, message: Message) -> None:
        """The EHR sends something; what is taken is so at once."""
        said = self.send(message.request, "intake")
        if not isinstance(said, Rejected):
            none(filter(None, [self.ehr.is_answered(message, said)]))

    @rule(data=st.data(), rounds=st.sampled_from((1, 2, 3, 5, 8, 13)), is_kind=st.booleans())
    def go_on(self, data: st.DataObject, rounds: int, is_kind: bool) -> None:
        """For a while everything goes its way, no order rests; payers and offices are kind, or say what they like."""
        for message in self.ehr.resumes():
            self.tell(message)
        course.go_on(self.house, rounds, hoped_for if is_kind else in_order(self.chooser(data)))

    @precondition(lambda self: self.house.undelivered())
    @rule(data=st.data(), count=st.integers(1, 6))
    def deliver(self, data: st.DataObject, count: int) -> None:
        """A reader hears the next facts of one source on one referral, before or after all others."""
        line = data.draw(st.sampled_from(self.house.undelivered()))
        for _ in range(count):
            if self.house.heard[line] < len(self.house.told[line[1:]]):
                self.house.deliver(line)

    @precondition(lambda self: any(self.house.heard.values()))
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        """What was heard is heard again, and changes nothing."""
        line = data.draw(st.sampled_from(sorted(line for line, count in self.house.heard.items() if count)))
        told = self.house.told[line[1:]][: self.house.heard[line]]
        record = data.draw(st.sampled_from(told))
        before = self.stored()
        self.house.hand_over(line[0], record)
        assert before == self.stored() or line in self.spoilt

    @precondition(lambda self: self.house.undelivered())
    @rule(data=st.data(), spoil=st.sampled_from(SPOILT))
    def park(self, data: st.DataObject, spoil: Any) -> None:
        """A fact comes that its reader cannot take in; what follows of its source waits behind it."""
        line = data.draw(st.sampled_from(self.house.undelivered()))
        self.spoilt.setdefault(line, []).append(self.house.deliver(line, spoil))

    @precondition(lambda self: self.spoilt)
    @rule(data=st.data())
    def unpark(self, data: st.DataObject) -> None:
        """A sound copy of what could not be taken in comes."""
        self.mend(data.draw(st.sampled_from(sorted(self.spoilt))))

    def mend(self, line: Line) -> None:
        """Hand sound copies over."""
        for record in self.spoilt.pop(line):
            self.house.hand_over(line[0], record)

    @precondition(lambda self: self.house.owed())
    @rule(data=st.data(), is_answered=st.sampled_from((True, True, False)))
    def call(self, data: st.DataObject, is_answered: bool) -> None:
        """A call that is due is made, and answered in any way, or not yet."""
        live = self.house.begin(data.draw(st.sampled_from(self.house.owed())))
        if live and is_answered:
            self.house.answer(live, answering(self.chooser(data), self.house.now))

    @precondition(lambda self: self.house.live)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """A call that is under way is answered, whatever happened meanwhile."""
        live = data.draw(st.sampled_from(self.house.live))
        self.house.answer(live, answering(self.chooser(data), self.house.now))

    @rule(data=st.data(), pause=st.sampled_from(course.PAUSES), is_heard=st.booleans())
    def wait(self, data: st.DataObject, pause: timedelta, is_heard: bool) -> None:
        """Time passes. Calls are answered in any way meanwhile; facts are heard, or readers stand still."""
        behaviour = self.behaviour(data)
        course.pass_time(self.house, self.house.now + pause, behaviour, is_heard=is_heard)
        none(self.truths.overdue())

    @precondition(lambda self: self.house.next_wake())
    @rule(data=st.data())
    def wait_for_the_next(self, data: st.DataObject) -> None:
        """Time moves to what is due next."""
        due = self.house.next_wake()
        if due:
            course.pass_time(self.house, due, self.behaviour(data), is_heard=False)

    def behaviour(self, data: st.DataObject) -> Behaviour:
        """How the outside behaves for a while."""
        as_hoped, anyhow = answering(hoped_for, self.house.now), answering(self.chooser(data), self.house.now)
        return data.draw(st.sampled_from((as_hoped, as_hoped, anyhow, silence)))

    @rule(data=st.data(), count=st.integers(1, 4))
    def act(self, data: st.DataObject, count: int) -> None:
        """Anything is sent to doors that are shown, or to any; what was not shown as allowed changes nothing.

        For somebody of an office that has nothing to do with the referral, there is none.
        """
        for _ in range(count):
            key = data.draw(st.sampled_from(list(self.house.referrals())))
            doors = data.draw(st.sampled_from(([*shown_doors(self.house, key), *CALLBACKS], DOORS)))
            door = data.draw(st.sampled_from(weighed(doors)))
            role = data.draw(st.sampled_from(door.roles))
            person = data.draw(st.sampled_from(of_any_office(self.house, door.service, key, role)))
            is_stranger_here = is_stranger(self.house, door.service, key, person)
            shown = allowed(self.house, door.service, key, person) if door.action else ()
            before = self.stored()
            said = self.knock(door, key, person, self.chooser(data))
            if door.action and before != self.stored():
                assert door.action in shown, f"{door.action} was not shown, and did something"
            if is_stranger_here:
                assert (frozenset(), "404") == (shown, getattr(said, "code", None)), (
                    f"another office was let in: {said}"
                )
            assert not isinstance(said, Rejected) or said.code not in ("400", "401", "403", "415"), str(said)

    @rule(data=st.data())
    def press(self, data: st.DataObject) -> None:
        """Whatever is shown as allowed, to our own people or to an office concerned, is accepted when it is sent."""
        key = data.draw(st.sampled_from(list(self.house.referrals())))
        shown = shown_doors(self.house, key)
        if not shown:
            return
        door = data.draw(st.sampled_from(weighed(list(shown))))
        person = data.draw(st.sampled_from(shown[door]))
        said = self.knock(door, key, person, hoped_for)
        assert not isinstance(said, Rejected), f"{door.action} was shown and refused: {said} to a {person.role}"

    def knock(self, door: Door, key: str, person: Person, choose: Choose[Any]) -> Any:
        """Send something to a door. While an order is on hold, a person may still ask its payer anew."""
        self.sent += 1
        if door.action == "resubmit":
            self.truths.rested.pop((door.service, key), None)
        return self.send(
            knock(door, Sent(self.house, key, choose, person.office), person, f"key-{self.sent}"), door.service
        )

    @rule()
    def open_worklist(self) -> None:
        """Whoever opens the worklist sees how it stands."""
        none(wrong_lists(self.house))

    def send(self, request: httpx2.Request, service: str) -> Any:
        """Send a request; a refusal changes nothing."""
        before = self.stored()
        said = self.house.ask(service, request)
        if isinstance(said, Rejected):
            assert before == self.stored(), f"{request.url.path} was refused with {said}, and changed something"
        return said

    def stored(self) -> Any:
        """Everything that rests."""
        disk = self.house.world.disk
        return {name: dict(documents) for name, documents in disk.collections.items()}, self.house.now

    @invariant()
    def all_is_true(self) -> None:
        """What must be true is."""
        COUNTED["steps"] += 1
        none(self.truths.wrong())

    def teardown(self) -> None:
        """The world falls silent: everything is closed or with a person, and the services agree."""
        try:
            if hasattr(self, "truths"):
                self.end()
        finally:
            if hasattr(self, "house"):
                self.house.close()

    def end(self) -> None:
        """Sound copies of everything come, everything is heard, and nobody does anything more."""
        for line in sorted(self.spoilt):
            self.mend(line)
        complaint = course.fall_silent(self.house)
        wrong = [complaint] if complaint else []
        wrong += [*self.truths.wrong(), *self.truths.overdue(), *wrong_lists(self.house), *disagreements(self.house)]
        none(wrong)


def none(wrong: Iterable[str]) -> None:
    """Nothing is wrong."""
    if found := list(wrong):
        raise AssertionError("\n".join(found))
