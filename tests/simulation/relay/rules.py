"""What must be true of the relays: of every save as it lands, and of everything at the end."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.catalogue import wire_type
from shared.contracts.intake import ReportAcknowledged
from shared.effects.protocol import TRIES, EffectRecord, id_of, next_action
from shared.engine.frame import from_stored
from shared.ports import Stored
from tests.simulation import stories
from tests.simulation.cluster import Cluster
from tests.simulation.poison import Poison
from tests.simulation.relay.domain import RELAY, Relay
from tests.simulation.relay.outside import MESSAGES, TRAITS, Outside
from tests.simulation.relay.plan import CONSUMES, PASSES_ON
from tests.simulation.relay.story import Book
from tests.simulation.stories import Story

EARLY = timedelta(seconds=2.5)
"""How early a timer may be: the database's clock may be off by 2 s before anybody notices."""
COLLECTIONS = {name: f"{name}.relays" for name in CONSUMES}


def watch(cluster: Cluster) -> None:
    """Complain of a save that must not be, as it lands."""

    def landed(collection: str, before: Stored | None, after: Stored) -> None:
        if before is not None:
            for what in _wrong_save(before, after, cluster.disk.now()):
                cluster.complain(f"{collection} {after['_id']} {what}")

    cluster.disk.on_landed = landed


def _wrong_save(before: Stored, after: Stored, now: datetime) -> list[str]:
    wrong = stories.wrong_save(before, after)
    fired = after["state"]["fired"][len(before["state"]["fired"]) :]
    if fired and before.get("is_parked") and after.get("is_parked"):
        wrong.append("decided a deadline while parked")
    for name in fired:
        due_at = before["state"]["armed"].get(name)
        if due_at is None:
            wrong.append(f"fired {name}, which was not armed")
        elif datetime.fromisoformat(due_at) > now + EARLY:
            wrong.append(f"fired {name} at {now}, which was due at {due_at}")
    return wrong


def wrong(cluster: Cluster, outside: Outside, book: Book, poison: Poison, broken: set[str]) -> list[str]:
    """What is not as it must be in the end."""
    story, found = stories.told(cluster, COLLECTIONS)
    found += stories.at_rest(cluster) + stories.heard(cluster, CONSUMES, COLLECTIONS, poison.lost)
    found += stories.only_poison_is_parked(cluster, bool(poison.spoiled or broken or poison.litters))
    found += _said(cluster, book) + _heard(cluster, story, book, poison, broken) + _fired(cluster)
    found += [
        each for document in cluster.disk.documents(COLLECTIONS["scheduling"]) for each in _effects(document, outside)
    ]
    return found if poison.lost else found + stories.parked_in_turn(story)


def _states(cluster: Cluster, service: str) -> dict[str, Relay]:
    documents = cluster.disk.documents(COLLECTIONS[service])
    return {d["_id"]: RELAY.decode(d["state"], d["schema"]) for d in documents}


def _said(cluster: Cluster, book: Book) -> list[str]:
    """Every answered command had effect once, and nothing was said that nobody asked for."""
    found = []
    for (service, key), words in book.said.items():
        said = Counter(_states(cluster, service)[key].said if words else ())
        found += [f"{service} {key} said {word} {said[word]} times" for word in words if said[word] != 1]
        found += [f"{service} {key} said {word} twice" for word in book.perhaps if said[word] > 1]
        own = {word for word in said if not word.startswith(("(", "fired"))}
        found += [f"{service} {key} said {word} unasked" for word in sorted(own - set(words) - book.perhaps)]
    return found


def _heard(cluster: Cluster, story: Story, book: Book, poison: Poison, broken: set[str]) -> list[str]:
    """Every receiver applied every fact once, in order; what an operator gave up is the only exception."""
    found = []
    for receiver, sources in CONSUMES.items():
        for key, state in _states(cluster, receiver).items():
            for source in sources:
                heard = [word for word in state.heard if word.startswith(f"{source}/")]
                expected = _words(story.get((source, key), {}), source)
                missing = [n for n, word in expected.items() if word not in heard]
                in_order = [word for n, word in expected.items() if n not in missing]
                if heard != in_order:
                    found.append(f"{receiver} heard of {key} {heard}, not {in_order}")
                found += [
                    f"{receiver} lost {source}/{key}/{n}"
                    for n in missing
                    if (receiver, (source, key, n)) not in book.given_up
                    or not ((source, key, n) in poison.spoiled or expected[n].rpartition("/")[2] in broken)
                ]
            rows = {row["_id"] for row in cluster.disk.rows_of(COLLECTIONS[receiver])}
            found += [f"{receiver} has no row of {word}" for word in state.heard if f"{key}/{word}" not in rows]
            if receiver == PASSES_ON and [w for w in state.said if w.startswith("(")] != [
                f"({w})" for w in state.heard
            ]:
                found.append(f"{receiver} on {key} did not pass on what it heard, once and in order")
    return found


def _words(facts: dict[int, Any], source: str) -> dict[int, str]:
    kind = wire_type(ReportAcknowledged).encode()
    return {
        n: f"{source}/{n}/{ReportAcknowledged.model_validate_json(record.value).report_id}"
        for n, record in sorted(facts.items())
        if dict(record.headers)["ce_type"] == kind
    }


def _fired(cluster: Cluster) -> list[str]:
    """Every timer fired once, or was dropped."""
    found = []
    for service in CONSUMES:
        for key, state in _states(cluster, service).items():
            found += [f"{service} {key} never fired {name}" for name in state.armed]
            found += [f"{service} {key} fired {n} {c} times" for n, c in Counter(state.fired).items() if c > 1]
    return found


def _effects(stored: Stored, outside: Outside) -> list[str]:
    """Each effect is as wanted outside, once; or a person knows of it."""
    document = from_stored(stored, RELAY.decode(stored["state"], stored["schema"]))
    return [
        f"{document.id} {record.key}: {name}; landed {len(outside.things[id_of(document.id, record)])}; {record}"
        for record in document.calls.values()
        for name, holds in _promises(document.id, document.state, record, outside).items()
        if not holds
    ]


def _promises(key: str, state: Relay, record: EffectRecord, outside: Outside) -> dict[str, bool]:
    traits, things = TRAITS[record.kind], outside.things[id_of(key, record)]
    alive = sum(thing.is_alive for thing in things)
    is_message, is_settled = record.kind in MESSAGES, record.is_wanted and not record.has_person
    corrected = outside.corrected.get(id_of(key, record), -1.0)
    return {
        "is not settled": record.call is None and next_action(record, traits)[0] is None,
        "was done twice": traits.may_repeat or len(things) <= 1,
        "was forgotten": not is_settled or (len(record.alive) == 1 and bool(things)),
        "has the wrong result": not (is_settled and traits.has_results) or state.results.get(record.key) == 3,
        "went to a person without need": record.kind == "once" or not record.has_person or record.tries >= TRIES,
        "went to a person who was not told": not record.has_person or record.key in state.with_people,
        "was not corrected": record.is_wanted or not is_message or not things or corrected > things[-1].at,
        "is alive though it is not wanted": record.is_wanted or is_message or not alive,
    }
