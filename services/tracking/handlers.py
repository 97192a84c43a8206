"""Records every consumed fact, so tracking needs one reaction only."""

from collections.abc import Mapping

from services.tracking.domain import RecordEnvelope
from shared.contracts.catalogue import FACTS
from shared.contracts.language import Fact
from shared.messaging.inbox import EventContext, Reaction


def on_fact(fact: Fact, context: EventContext) -> RecordEnvelope:
    """Record every fact in the ledger."""
    return RecordEnvelope(
        at=context.at, by=context.by, channel="kafka", envelope=context.envelope, fact=fact, value=context.value
    )


REACTIONS: Mapping[type[Fact], Reaction] = dict.fromkeys(FACTS.values(), on_fact)
