"""The end of a run as the rules read it: states as the domains have them, facts as they were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

from shared.aggregates import Decider, Document
from shared.aggregates.frame import from_stored
from shared.contracts.catalogue import wire_type
from shared.contracts.language import Fact
from tests.simulation.cluster import Cluster
from tests.simulation.services.apps import blueprints
from tests.simulation.services.outside import Outside
from tests.simulation.services.staff import PLACES
from tests.simulation.stories import Story

COLLECTIONS = {**{service: f"{service}.{name}" for service, name in PLACES.items()}, "tracking": "tracking.tracks"}
DAYS = "scheduling.calendar_days"
Told = TypeVar("Told", bound=Fact)


@cache
def deciders() -> Mapping[str, Decider]:
    """The decider of each collection."""
    return {f"{name}.{kind.collection}": kind.decider for name, plan in blueprints().items() for kind in plan.kinds}


@dataclass(frozen=True)
class Known:
    """Everything that is known at the end."""

    cluster: Cluster
    story: Story
    outside: Outside

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, Document]]:
        """Documents by collection and id; shells that hold only letters are left out."""
        return {
            collection: {d["_id"]: self._document(collection, d) for d in stored if ":" not in d["_id"]}
            for collection, stored in self.cluster.documents().items()
        }

    def _document(self, collection: str, stored: Any) -> Document:
        return from_stored(stored, deciders()[collection].decode(stored["state"], stored["schema"]))

    def states(self, service: str) -> Mapping[str, Any]:
        """The states of a service's referrals; what it never heard of is left out."""
        return self._states[service]

    @cached_property
    def _states(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            service: {
                key: document.state
                for key, document in self.documents.get(collection, {}).items()
                if document.state != deciders()[collection].initial
            }
            for service, collection in COLLECTIONS.items()
        }

    def state(self, service: str, key: str) -> Any:
        """What a service has of one referral."""
        return self.states(service).get(key, deciders()[COLLECTIONS[service]].initial)

    def facts(self, service: str, key: str, kind: type[Told]) -> list[Told]:
        """The facts of one kind that a service told of a referral, in order."""
        wanted = wire_type(kind).encode()
        records = [record for _, record in sorted(self.story.get((service, key), {}).items())]
        return [
            kind.model_validate_json(record.value or b"")
            for record in records
            if dict(record.headers)["ce_type"] == wanted
        ]
