"""The three relays as services: two that people command, of which one hears the other, and a listener to both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from shared.contracts.intake import ReportAcknowledged
from shared.contracts.language import Command, Fact
from shared.effects import Clients
from shared.messaging.inbox import EventContext, Reaction
from shared.ports import Gateway
from shared.sealing import Keyring
from shared.service import Blueprint, Hooks, Kind, Parts, Service, wire
from tests.simulation.machines import Life
from tests.simulation.relay.domain import RELAY, Hear
from tests.simulation.relay.outside import TRAITS, Bell, Outside

CONSUMES: Mapping[str, tuple[str, ...]] = {
    "intake": (),
    "scheduling": ("intake",),
    "notifications": ("intake", "scheduling"),
}
"""Who hears whom. The names are of real services, since only these may tell."""
CALLS = "scheduling"
"""The one that owes calls."""
PASSES_ON = "scheduling"


@dataclass
class Release:
    """Which words this release of the readers cannot take (`unreadable`), and which it once could not (`was`)."""

    unreadable: set[str] = field(default_factory=set)
    was: set[str] = field(default_factory=set)

    def cannot_take(self, words: set[str]) -> None:
        """Until it is mended, it fails on these."""
        self.unreadable, self.was = set(words), set(words)

    def mend(self) -> None:
        """The next release takes everything."""
        self.unreadable = set()

    def check(self, word: str) -> None:
        """Fail on a word that cannot be taken."""
        if word in self.unreadable:
            raise LookupError("This release cannot take it.")


def wired(name: str, life: Life, hooks: Hooks, outside: Outside, release: Release) -> Service:
    """Wire one of the relays on a life."""

    def on_said(fact: ReportAcknowledged, heard: EventContext) -> Command:
        release.check(fact.report_id)
        envelope = heard.envelope
        word = f"{envelope.service}/{envelope.sequence}/{fact.report_id}"
        return Hear(
            at=heard.at,
            by=heard.by,
            channel="kafka",
            referral_id=envelope.subject,
            word=word,
            passes_on=name == PASSES_ON,
        )

    reactions: Mapping[type[Fact], Reaction] = {ReportAcknowledged: on_said}

    def gateways(_parts: Parts) -> Mapping[str, Gateway]:
        return {kind: Bell(outside, life.weather, traits) for kind, traits in TRAITS.items()} if name == CALLS else {}

    blueprint = Blueprint(
        name=name,
        kinds=(
            Kind(
                RELAY, "relays", gateways, consumes=CONSUMES[name], reactions=lambda _parts: reactions, publishes=name
            ),
        ),
        routers=(),
        policy={},
    )
    return wire(blueprint, life, Keyring({"keys": []}), cast("Clients", None), hooks)
