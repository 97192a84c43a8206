"""What must be true of every topic and document after any storm, whatever the services decide."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from shared.contracts.catalogue import wire_type
from shared.contracts.envelope import topic_of
from shared.contracts.processing import ReferralParked, ReferralUnparked
from shared.ports import Received, Stored
from tests.simulation.cluster import Cluster
from tests.simulation.poison import WAS, Identity, identity_of

BEHIND = (b"behind-hole", b"behind-entry")
Story = dict[tuple[str, str], dict[int, Received]]
"""Per service and aggregate, the first sound copy of each fact by sequence."""


def told(cluster: Cluster, collections: Mapping[str, str]) -> tuple[Story, list[str]]:
    """The stories on the topics, and what is wrong with them: first appearances are 1..n, and no two copies differ."""
    story: Story = defaultdict(dict)
    first: dict[tuple[str, str], list[int]] = defaultdict(list)
    wrong = []
    for record in _records(cluster):
        service, key, sequence = identity_of(record) or ("", "", 0)
        if record.topic != topic_of(service):
            wrong.append(f"{service} tells {key}/{sequence} on {record.topic}")
        if sequence not in first[service, key]:
            first[service, key].append(sequence)
        if WAS in dict(record.headers):
            continue
        known = story[service, key].setdefault(sequence, record)
        if (known.value, known.headers) != (record.value, record.headers):
            wrong.append(f"{service} tells {key}/{sequence} in two ways")
    for (service, key), sequences in first.items():
        count = _document(cluster, collections[service], key).get("told", 0)
        if sequences != list(range(1, count + 1)):
            wrong.append(f"first appearances of {service} on {key} are {sequences}, it counts {count}")
    return story, wrong


def _records(cluster: Cluster) -> Iterator[Received]:
    for (topic, _), log in sorted(cluster.disk.topics.items()):
        for record in () if topic.endswith(".dlq") else log:
            if identity_of(record):
                yield record


def wrong_save(before: Stored, after: Stored) -> list[str]:
    """What no save may do, whatever it decides."""
    wrong = [f"{name} went back" for name in ("version", "told", "entries") if after[name] < before[name]]
    wrong += [f"forgot what it saw of {s}" for s, n in before["seen"].items() if after["seen"].get(s, 0) < n]
    if before.get("is_parked") and after.get("is_parked"):
        numbers = {(record["kind"], record["revision"]): record["number"] for record in before["calls"]}
        begun = [r for r in after["calls"] if r["call"] and r["number"] > numbers.get((r["kind"], r["revision"]), 0)]
        wrong += [f"began to {r['call']['act']} while parked" for r in begun if r["call"]["act"] != "withdraw"]
    return wrong


def at_rest(cluster: Cluster) -> list[str]:
    """No outbox is left, no call is open, and nothing waits."""
    wrong = []
    for collection, documents in cluster.documents().items():
        for document in documents:
            left = {name: document.get(name) for name in ("outbox", "waiting", "is_parked")}
            left["letters"] = [origin for origin, letter in document.get("letters", ()) if letter]
            left["calls"] = [record["call"] for record in document["calls"] if record["call"]]
            wrong += [f"{collection} {document['_id']}: {name} is left: {what}" for name, what in left.items() if what]
    return wrong


def heard(
    cluster: Cluster,
    hears: Mapping[str, Sequence[str]],
    collections: Mapping[str, str],
    lost: Collection[Identity] = (),
) -> list[str]:
    """Every receiver has seen all that was told. Nobody can know of what was `lost` after the last that was not."""
    wrong = []
    for service, collection in collections.items():
        for teller in cluster.disk.documents(collection):
            key, told = teller["_id"], teller["told"]
            known = next((n for n in range(told, 0, -1) if (service, key, n) not in lost), 0)
            for receiver in (name for name, sources in hears.items() if service in sources):
                seen = _document(cluster, collections[receiver], key).get("seen", {}).get(service, 0)
                if not known <= seen <= told:
                    wrong.append(f"{receiver} has seen {seen} of {told} facts of {service} on {key}")
    return wrong


def _document(cluster: Cluster, collection: str, key: str) -> Stored:
    return next((d for d in cluster.disk.documents(collection) if d["_id"] == key), {})


def parked_in_turn(story: Story) -> list[str]:
    """Each service tells that it is parked and that it is not, in turn, and ends unparked."""
    wrong = []
    signs = {wire_type(ReferralParked).encode(): "parked", wire_type(ReferralUnparked).encode(): "unparked"}
    for (service, key), facts in story.items():
        told_signs = [
            signs[kind] for _, record in sorted(facts.items()) if (kind := dict(record.headers)["ce_type"]) in signs
        ]
        if told_signs != ["parked", "unparked"] * (len(told_signs) // 2):
            wrong.append(f"{service} tells of {key}: {told_signs}")
    return wrong


def dead_letters(cluster: Cluster, spoiled: Collection[Identity]) -> list[str]:
    """What was put aside was spoiled, or told by the same service after something that was."""
    found = []
    for (topic, _), log in sorted(cluster.disk.topics.items()):
        for record in log if topic.endswith(".dlq") else ():
            service, key, sequence = identity_of(record) or ("", "", 0)
            if _waited_beside(cluster, record):
                continue
            if not any(identity in spoiled for identity in ((service, key, n) for n in range(1, sequence + 1))):
                found.append(f"{service}/{key}/{sequence} was put aside, and nothing was spoiled up to it")
    return found


def _waited_beside(cluster: Cluster, record: Received) -> bool:
    """Whether it came for a document that was mended, before what waited beside that was given back."""
    return (record.key or b"").decode() in cluster.disk.were_spoiled and dict(record.headers)["dlq-reason"] in BEHIND


def only_poison_is_parked(cluster: Cluster, is_poisoned: bool) -> list[str]:
    """Where nothing was spoiled, nothing was put aside."""
    logs = [log for (topic, _), log in cluster.disk.topics.items() if topic.endswith(".dlq")]
    copies = sum(not _waited_beside(cluster, record) for log in logs for record in log)
    return [f"{copies} dead letters without any poison"] if copies and not is_poisoned else []
