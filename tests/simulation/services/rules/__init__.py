"""What must be true of the services: of every save as it lands, and of everything at the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.platform import registry
from shared.contracts.intake import ReferralCancelled, ReferralClosed, ReferralFoundComplete, ReferralReceived
from shared.contracts.sealed import Contact
from shared.engine import Decider
from shared.ports import Stored
from tests.simulation import stories
from tests.simulation.cluster import Cluster
from tests.simulation.poison import Poison
from tests.simulation.services.later import Spoken
from tests.simulation.services.outside import Outside
from tests.simulation.services.rules.effects import only_asks, wrong_effects
from tests.simulation.services.rules.endings import wrong_endings
from tests.simulation.services.rules.known import COLLECTIONS, Known, deciders_of
from tests.simulation.services.rules.later import wrong_later
from tests.simulation.services.rules.messages import wrong_messages
from tests.simulation.services.rules.once import told_twice
from tests.simulation.services.rules.paths import wrong_path
from tests.simulation.services.rules.tracks import wrong_tracks
from tests.simulation.services.rules.visits import kept_ahead, wrong_visits
from tests.support.five_services.keyrings import TENANT, keyring

CANCELLING = ("cancellation", "closing")


def watch(cluster: Cluster, deciders: Mapping[str, Decider]) -> None:
    """Complain of a save that must not be, as it lands."""

    def landed(collection: str, before: Stored | None, after: Stored) -> None:
        wrong = stories.wrong_save(before, after) if before else []
        wrong += wrong_path(deciders[collection], collection, before, after, cluster.disk.now())
        if collection == COLLECTIONS["scheduling"]:
            wrong += kept_ahead(after, cluster.disk.now())
        for what in wrong:
            cluster.complain(f"{collection} {after['_id']} {what}")

    cluster.disk.on_landed = landed


def wrong(
    cluster: Cluster,
    outside: Outside,
    accepted: Mapping[str, Any],
    poison: Poison,
    spoken: Sequence[Spoken],
    deciders: Mapping[str, Decider],
) -> list[str]:
    """What is not as it must be in the end, read with the deciders of the newest program."""
    story, found = stories.told(cluster, COLLECTIONS)
    known = Known(cluster, story, outside, deciders)
    found += stories.at_rest(cluster)
    found += stories.heard(cluster, registry.consumes(), COLLECTIONS)
    found += stories.parked_in_turn(story) + stories.dead_letters(cluster, poison.spoiled)
    found += _wrong_referrals(known, accepted)
    found += wrong_effects(known) + wrong_visits(known) + wrong_messages(known) + wrong_tracks(known)
    return found + told_twice(known) + wrong_endings(known) + wrong_later(known, spoken)


def _wrong_referrals(known: Known, accepted: Mapping[str, Any]) -> list[str]:
    """Every order that was accepted is one referral, told once. Who was seen after all may be given up once more."""
    found = [f"{key} was accepted and is not there" for key in accepted if key not in known.states("intake")]
    found += [f"{key} is there and was never sent" for key in known.states("intake") if key not in accepted]
    for key, state in known.states("intake").items():
        received, closed = known.facts("intake", key, ReferralReceived), known.facts("intake", key, ReferralClosed)
        cancelled = known.facts("intake", key, ReferralCancelled)
        if len(received) != 1 or (len(cancelled) > 1 and not state.evidence_of_care):
            found.append(f"{key} was received {len(received)} times and cancelled {len(cancelled)} times")
        if received and key in accepted and _content(received[0]) != _ordered(accepted[key]):
            found.append(f"{key} is not what was ordered")
        if not state.has_pathway and known.facts("intake", key, ReferralFoundComplete):
            found.append(f"{key} was found complete, and nobody has chosen its pathway")
        if bool(closed) != state.is_closed:
            found.append(f"{key} is {state.situation} and told {len(closed)} closings")
    return found


def _content(received: ReferralReceived) -> tuple[str, str | None]:
    """How pressing it is, and the number that whoever may open the seal finds in it."""
    seal, ring = received.seals["contact"], keyring("notifications")
    contact = ring.open(TENANT, "contact", seal, Contact, purpose="simulation", referral_id=received.referral_id)
    return received.priority, contact.phone


def _ordered(order: Mapping[str, Any]) -> tuple[str, str | None]:
    return order["priority"], order["patient"].get("phone")


__all__ = ["deciders_of", "only_asks", "watch", "wrong"]
