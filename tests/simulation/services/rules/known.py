"""The end of a run as the rules read it: states as the domains have them, facts as they were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from shared.contracts.catalogue import FACTS
from shared.contracts.language import Fact
from shared.engine import Decider, Document
from shared.engine.frame import from_stored
from shared.service import Blueprint
from tests.simulation.cluster import Cluster
from tests.simulation.services.outside import Outside
from tests.simulation.services.staff import PLACES
from tests.simulation.stories import Story

COLLECTIONS = {**{service: f"{service}.{name}" for service, name in PLACES.items()}, "tracking": "tracking.tracks"}
DAYS = "scheduling.calendar_days"
PublishedFact = TypeVar("PublishedFact", bound=Fact)


def deciders_of(plans: Mapping[str, Blueprint]) -> Mapping[str, Decider]:
    """The decider of each collection, as these programs have it."""
    return {f"{name}.{kind.collection}": kind.decider for name, plan in plans.items() for kind in plan.kinds}


_NAMED: Mapping[str, type[Fact]] = {fact.TYPE: fact for fact in FACTS.values()}


def kind_of(type_: str) -> type[Fact]:
    """What a wire type is to us: one in a newer version is the same, and more."""
    return _NAMED[type_.rpartition(".v")[0]]


@dataclass(frozen=True)
class Known:
    """Everything that is known at the end; `deciders` are of the newest program that ran."""

    cluster: Cluster
    story: Story
    outside: Outside
    deciders: Mapping[str, Decider]

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, Document]]:
        """Documents by collection and id; shells that hold only letters are left out."""
        return {
            collection: {d["_id"]: self._document(collection, d) for d in stored if ":" not in d["_id"]}
            for collection, stored in self.cluster.documents().items()
        }

    def _document(self, collection: str, stored: Any) -> Document:
        return from_stored(stored, self.deciders[collection].decode(stored["state"], stored["schema"]))

    def states(self, service: str) -> Mapping[str, Any]:
        """The states of a service's referrals; what it never heard of is left out."""
        return self._states[service]

    @cached_property
    def _states(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            service: {
                key: document.state
                for key, document in self.documents.get(collection, {}).items()
                if document.state != self.deciders[collection].initial
            }
            for service, collection in COLLECTIONS.items()
        }

    def state(self, service: str, key: str) -> Any:
        """What a service has of one referral."""
        return self.states(service).get(key, self.deciders[COLLECTIONS[service]].initial)

    def facts(self, service: str, key: str, kind: type[PublishedFact]) -> list[PublishedFact]:
        """The facts of one kind that a service told of a referral, in order, whatever their version."""
        records = [record for _, record in sorted(self.story.get((service, key), {}).items())]
        return [
            kind.model_validate_json(record.value or b"")
            for record in records
            if kind_of(dict(record.headers)["ce_type"].decode()) is kind
        ]
