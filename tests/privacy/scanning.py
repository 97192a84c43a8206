"""Where patient data could have been left by a house, place by place, and what of it is there."""

from dataclasses import dataclass, field
from typing import Final

from tests.privacy.canaries import found_in
from tests.support.five_services.running import FiveServices

TIMEZONE_IN: Final = "document conversations"
"""The clock door must know a patient's lawful hours before any seal is opened: the zone rests in that one place."""


@dataclass
class Evidence:
    """What left a house and rests in it: contents by place."""

    places: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, place: str, *contents: bytes | memoryview) -> None:
        """Add contents."""
        self.places.setdefault(place, []).extend(map(bytes, contents))

    def leaks(self) -> dict[str, set[str]]:
        """The canaries by place, where there are any."""
        found = {place: set[str]().union(*map(found_in, contents)) for place, contents in self.places.items()}
        found[TIMEZONE_IN] = found.get(TIMEZONE_IN, set()) - {"timezone"}
        return {place: names for place, names in found.items() if names}


def evidence_of(house: FiveServices) -> Evidence:
    """Everything in memory: topics, documents, figures, and what callers were told."""
    evidence = Evidence()
    for (topic, _), records in house.world.disk.topics.items():
        for record in records:
            evidence.add(f"key of {topic}", record.key or b"")
            evidence.add(f"header of {topic}", repr(record.headers).encode(), *(value for _, value in record.headers))
            evidence.add(f"value of {topic}", record.value or b"")
    for kept, kind in ((house.world.disk.collections, "document"), (house.world.disk.rows, "row")):
        for collection, documents in kept.items():
            evidence.add(f"{kind} {collection}", *documents.values())
            evidence.add(f"id of {kind} {collection}", *(key.encode() for key in documents))
    for name, metrics in house.metrics.items():
        evidence.add(f"metrics of {name}", metrics.exposition())
    for what, answer in house.answers:
        evidence.add(f"answer to {what}", answer)
    return evidence
