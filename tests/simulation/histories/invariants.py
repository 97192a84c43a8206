"""What must be true after every step of every history; each rule answers with what is wrong, in words."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.intake.domain import Redirect
from services.intake.domain.ending import DECEASED
from services.tracking.domain.precedence import BACKSTOP, OUR_PEOPLE, rank
from shared.contracts.catalogue import FACTS
from shared.contracts.intake import ReferralCancelled, ReferralClosed, ReferralResumed
from shared.contracts.language import Fact, Task
from shared.ports import Received
from tests.simulation.histories.stepped_services import SERVICES, SteppedServices

SOON = timedelta(minutes=1)
"""Within this, what is overdue is surfaced."""
WAITS_RIGHTLY = frozenset({"invalid-json", "null-value", "newer-version", "behind-entry", "behind-hole"})
"""Why entries wait that were spoiled, or stand behind one that was."""
ENDS: Mapping[str, Callable[[Any], Any]] = {
    "intake": lambda referral: referral.is_closed and referral.end.outcome,
    "authorization": lambda case: case.ending == "closed",
    "scheduling": lambda placement: placement.ended or placement.fulfilled,
    "notifications": lambda conversation: conversation.is_closed,
    "tracking": lambda track: track.progress.outcome,
}
"""How each service says that it is over; what it says then is for ever."""
BEGUN: Mapping[str, Callable[[Any], tuple[int, ...]]] = {
    "authorization": lambda case: (case.checks, len(case.asked)),
    "scheduling": lambda placement: (len(placement.choices), placement.searches, placement.attempts),
}
"""What each service has begun so far: no more while the order is on hold, but what a person asks for."""


def read(record: Received) -> Fact:
    """A fact as it was told."""
    return FACTS[dict(record.headers)["ce_type"].decode()].model_validate_json(record.value or b"")


def tasks(house: SteppedServices, key: str) -> list[tuple[str, Task]]:
    """The open tasks, each with its service."""
    found = []
    for service in SERVICES:
        document, place = house.document(service, key), house.main(service)
        found += [(service, task) for task in house.unit(place, document).tasks()] if document else []
    return found


def is_open(house: SteppedServices, key: str) -> bool:
    """Whether intake has not closed it."""
    return not house.state("intake", key).is_closed


@dataclass
class Truths:
    """The rules, and what they remember of one history. `rested` is what had been begun where nothing new may be."""

    house: SteppedServices
    rested: dict[tuple[str, str], tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    _checked: dict[tuple[str, str], int] = field(default_factory=dict)
    _ended: dict[tuple[str, str], Any] = field(default_factory=dict)
    _died: dict[str, bool] = field(default_factory=dict)
    _resumed: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def wrong(self) -> list[str]:
        """What is wrong now."""
        return [
            *self._facts(),
            *self._documents(),
            *self._begun(),
            *self._written(),
            *self._nobody(),
            *map(str, self.house.faults),
        ]

    def _facts(self) -> Iterator[str]:
        for (service, key), told in self.house.told.items():
            known = self._checked.get((service, key), 0)
            for n, record in enumerate(told[known:], known + 1):
                fact = read(record)
                yield from wrong_fact(fact)
                if isinstance(fact, ReferralCancelled):
                    # What was cancelled for another reason before may have been told to a patient who lived then.
                    self._died.setdefault(key, fact.reason == DECEASED)
                if isinstance(fact, ReferralResumed):
                    self._resumed[key].append(n)
            self._checked[service, key] = len(told)
            closings = [record for record in told if b"referral.closed" in dict(record.headers)["ce_type"]]
            if len(closings) > 1:
                yield f"{key} was closed {len(closings)} times"

    def _documents(self) -> Iterator[str]:
        for place in self.house.places:
            for key, document in self.house.documents(place).items():
                about = f"{place.collection} {key}"
                if document.timer_failures:
                    yield f"{about} could not be woken"
                reasons = {entry.reason for queue in document.waiting.values() for entry in queue.values()}
                if unexpected := reasons - WAITS_RIGHTLY:
                    yield f"{about} could not take in a sound fact: {unexpected}"
                if place.is_main and ":" not in key:
                    yield from self._end(place.service.name, key, document.state)

    def _end(self, service: str, key: str, state: Any) -> Iterator[str]:
        if isinstance(state, Redirect) or state == self.house.main(service).engine.decider.initial:
            return
        end, known = ENDS[service](state), self._ended.get((service, key))
        if known and not end:
            yield f"{service} took the end of {key} back"
        if known and service in ("intake", "tracking") and end != known:
            yield f"{service} changed the end of {key} from {known} to {end}"
        self._ended[service, key] = end

    def _begun(self) -> Iterator[str]:
        """Who rests begins nothing, until it has heard that the order is active again."""
        for service, begun in BEGUN.items():
            for key, document in self.house.documents(self.house.main(service)).items():
                heard, was = document.seen.get("intake", 0), self.rested.pop((service, key), None)
                if not document.state.is_held:
                    continue
                resumed = sum(n <= heard for n in self._resumed[key])
                self.rested[service, key] = now = resumed, begun(document.state)
                if was and was[0] == resumed and was != now:
                    yield f"{service} begins something for {key}, which rests: {was[1]} became {now[1]}"

    def _written(self) -> Iterator[str]:
        """Nobody tells a patient who has died that the referral is cancelled."""
        for key in (key for key, is_dead in self._died.items() if is_dead):
            conversation = self.house.state("notifications", key)
            if conversation and any(message.notice.kind == "referral_cancelled" for message in conversation.messages):
                yield f"{key} ended since the patient has died, and they are written to"

    def _nobody(self) -> Iterator[str]:
        """An open referral has somebody who does something by some time, here and in the worklist."""
        unheard = {key for reader, _, key in self.house.undelivered() if reader != "tracking"}
        for key in self.house.referrals():
            known = tasks(self.house, key)
            if is_open(self.house, key) and "intake" not in dict(known):
                yield f"{key} is open in intake and waits for nobody"
            is_known = is_open(self.house, key) and key not in unheard and not self._is_parked(key)
            if is_known and all(rank(task) == BACKSTOP for _, task in known):
                yield f"{key} is open, everything was heard, and nobody is nearer than {known}"
            yield from self._unowned(key, dict(known))
            track = self.house.state("tracking", key)
            if track and track.progress.phase not in ("unheard", "closed") and track.standing.next is None:
                yield f"tracking shows {key} as {track.standing.situation} and waiting for nobody"

    def _unowned(self, key: str, known: Mapping[str, Task]) -> Iterator[str]:
        """Who sets a deadline waits for somebody. A reminder is nothing to wait for."""
        for service in ("intake", "authorization", "scheduling"):
            document = self.house.document(service, key)
            due = self.house.main(service).engine.decider.next_due(document.state) if document else None
            if due and service not in known:
                yield f"{service} looks after {key} at {due} and waits for nobody"

    def _is_parked(self, key: str) -> bool:
        return any(d.is_parked for service in SERVICES if (d := self.house.document(service, key)))

    def overdue(self) -> Iterator[str]:
        """Time has passed, and what was due was woken: nobody but our own people is more than a minute late."""
        for key in self.house.referrals():
            for service, task in tasks(self.house, key):
                is_late = task.due_at + SOON < self.house.now
                if is_late and OUR_PEOPLE < rank(task) < BACKSTOP:
                    yield f"{service} leaves {key} to {task}, which is overdue"


def wrong_fact(fact: Fact) -> Iterator[str]:
    """Every refusal, failure and end says why, in codes, or names what proves it."""
    name, reason = type(fact).__name__, getattr(fact, "reason", None)
    evidence = fact.evidence_ref if isinstance(fact, ReferralClosed) else None
    if "reason" in type(fact).model_fields and not (reason or evidence):
        yield f"{name} has neither reason nor evidence"
    if reason and not (reason.system and reason.code):
        yield f"{name} has an empty reason"
    if isinstance(fact, ReferralClosed) and fact.outcome in ("completed", "seen_no_report") and not evidence:
        yield f"{name} says {fact.outcome} without evidence"
