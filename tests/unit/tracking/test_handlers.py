"""What tracking makes of the facts it hears."""

from services.tracking.domain import RecordEnvelope
from services.tracking.handlers import REACTIONS, on_fact
from shared.contracts.catalogue import FACTS
from shared.messaging.inbox import EventContext
from tests.unit.tracking.telling import Telling, after


class TestOnFact:
    def test_records_the_fact_as_it_came(self) -> None:
        """Envelope and bytes go into the ledger unchanged, told by the service that told it."""
        told = Telling().received()

        command = on_fact(told.fact, EventContext(told.envelope, after(7), told.value))

        assert (
            RecordEnvelope(
                at=after(7), by=told.by, channel="kafka", envelope=told.envelope, fact=told.fact, value=told.value
            )
            == command
        )

    def test_hears_every_published_fact(self) -> None:
        """A fact without a reaction would be missing from the ledger."""
        assert set(REACTIONS) == set(FACTS.values())
