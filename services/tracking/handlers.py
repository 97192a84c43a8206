"""What tracking makes of the facts it hears: it records every one, and so needs one reaction only."""

from collections.abc import Mapping

from services.tracking.domain import RecordEnvelope
from shared.contracts.catalogue import FACTS
from shared.contracts.language import Fact
from shared.messaging.receive import Heard, Reaction


def on_fact(fact: Fact, heard: Heard) -> RecordEnvelope:
    """Whatever a service told belongs in the ledger."""
    return RecordEnvelope(
        at=heard.at, by=heard.by, channel="kafka", envelope=heard.envelope, fact=fact, value=heard.value
    )


REACTIONS: Mapping[type[Fact], Reaction] = dict.fromkeys(FACTS.values(), on_fact)
