"""What rested and was told before the wire was cut last is read by the code of today.

`frozen` was taken from random histories of all five services, before facts had tasks and vocabularies were open. It is
never made again: a shape that leaves main for good is added beside it. Documents and rows are MongoDB Extended JSON,
one a line. Patients, payers and keys are invented.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from services.tracking.domain import Projection, RecordEnvelope, is_whole
from shared.contracts.catalogue import FACTS
from shared.contracts.envelope import Envelope, from_headers, topic_of
from shared.contracts.language import Actor, Fact, Step, Tick
from shared.engine import Decider
from shared.engine.frame import from_stored, is_newer
from shared.engine.shape import fault_of
from tests.simulation.services.direct_requests import blueprints
from tests.unit.tracking.telling import fold

FROZEN = Path(__file__).parent / "frozen"
RARE = {"org.throughline.patient.unreachable.v1", "org.throughline.visit.offered.v1"}
"""Facts that no random history told: `samples` has them."""
SINCE = {
    f"org.throughline.referral.{name}.v1"
    for name in ("pathway-chosen", "order-changed", "order-reviewed", "held", "resumed")
}
"""Facts that came afterwards."""
SINCE_STORED = {"notifications.opt_outs"}
"""Kinds that came afterwards."""


def lines(name: str) -> list[Any]:
    """What is frozen under a name."""
    options = json_util.JSONOptions(tz_aware=True)
    return [json_util.loads(line, json_options=options) for line in (FROZEN / name).read_text().splitlines()]


DOCUMENTS = lines("documents.jsonl")
TOLD = lines("facts.jsonl")
STORIES = lines("ledger.jsonl")
DECIDERS: dict[str, Decider] = {
    f"{name}.{kind.collection}": kind.decider for name, blueprint in blueprints().items() for kind in blueprint.kinds
}


def named(document: Any) -> str:
    """A document by its kind and where it stood."""
    return f"{document['collection']} {document['case']}"


class TestFrozenDocuments:
    @pytest.mark.parametrize("frozen", DOCUMENTS, ids=named)
    def test_are_read_and_worked_on(self, frozen: Any) -> None:
        """State, calls, outbox and what waits are read; the clock goes on from there, and what it saves is read too."""
        decider, stored = DECIDERS[frozen["collection"]], frozen["stored"]
        state = decider.decode(stored["state"], stored["schema"])
        document = from_stored(stored, state)

        assert not is_newer(stored, decider.schema)
        assert fault_of(stored) is None
        wanted_effects = {f"{effect.kind}:{effect.revision}" for effect in decider.wanted_effects(state)}
        assert wanted_effects <= document.calls.keys()
        due = decider.next_due(state)
        if due:
            ticked = Tick(at=due, by=Actor(kind="clock", id="clock"), channel="clock")
            for fact in decider.decide(ticked, state):
                state = decider.evolve(state, fact)
        assert state == decider.decode(decider.encode(state), decider.schema)

    @pytest.mark.parametrize("frozen", DOCUMENTS, ids=named)
    def test_wait_for_whom_they_waited(self, frozen: Any) -> None:
        """The tasks of today are the step of then: the same act, owner and due time."""
        collection, stored = frozen["collection"], frozen["stored"]
        state = DECIDERS[collection].decode(stored["state"], stored["schema"])
        tasks = DECIDERS[collection].tasks(state)

        then = Step.model_validate(frozen["step"]).task if frozen["step"] else None
        assert tasks[:1] == ((then,) if then else ())

    def test_are_of_every_kind(self) -> None:
        """Nothing that rests has no sample."""
        assert {document["collection"] for document in DOCUMENTS} | SINCE_STORED == DECIDERS.keys()


class TestFrozenFacts:
    @pytest.mark.parametrize("told", TOLD, ids=lambda told: told["headers"]["ce_type"])
    def test_are_read_with_their_step_as_the_one_task(self, told: Any) -> None:
        """A reader that knows only tasks misses nothing of a fact that knew only a step."""
        headers = [(n, v.encode()) for n, v in told["headers"].items()]
        topic = topic_of(told["headers"]["ce_source"].rpartition("/")[2])
        envelope = from_headers(headers, told["headers"]["ce_subject"].encode(), topic)
        was = json.loads(told["data"])
        fact = FACTS[envelope.type].model_validate(was)

        assert was == {name: json.loads(fact.model_dump_json())[name] for name in was}
        assert ([was["step"]["act"]] if was["step"] else []) == [task.act for task in fact.tasks]

    def test_are_of_every_type(self) -> None:
        """What was published at the time has a sample, but for what is too rare."""
        assert set(FACTS) == {told["headers"]["ce_type"] for told in TOLD} | RARE | SINCE


class TestFrozenLedger:
    @pytest.mark.parametrize("story", STORIES, ids=lambda story: story["track"]["state"]["standing"]["situation"])
    def test_is_whole_and_folds_to_the_same_track(self, story: Any) -> None:
        """Rows hash to the heads of then; a track built of them today is the one that rested."""
        decider, stored = DECIDERS["tracking.tracks"], story["track"]
        rested: Projection = decider.decode(stored["state"], stored["schema"])

        for service, known in rested.stories.items():
            rows = [row for row in story["rows"] if row["service"] == service]
            assert is_whole(sorted(rows, key=lambda row: int(row["sequence"])), known.head)
        built = replace(fold(commands(story["rows"])), claim=rested.claim, notes=rested.notes)
        assert rested == replace(built, standing=replace(built.standing, tasks=rested.standing.tasks))


def commands(rows: list[Any]) -> Iterator[RecordEnvelope]:
    """The rows as they were heard."""
    attributes = ("source", "subject", "sequence", "type", "causationid", "traceparent")
    for row in sorted(rows, key=lambda row: (row["time"], int(row["sequence"]))):
        fact: Fact = FACTS[row["type"]].model_validate_json(row["data"])
        at = fact.occurred_at
        envelope = Envelope(time=datetime.fromisoformat(row["time"]), **{name: row[name] for name in attributes})
        by = Actor(kind="service", id=row["service"])
        yield RecordEnvelope(at=at, by=by, channel="kafka", envelope=envelope, fact=fact, value=bytes(row["data"]))
