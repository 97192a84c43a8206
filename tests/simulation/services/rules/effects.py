"""Outside, everything is as it is wanted; what is not wanted any more does not stand, or a person knows of it."""

from collections.abc import Mapping

from shared.effects.protocol import TRIES, EffectRecord
from shared.effects.stored import record_from_stored
from shared.engine import Decider, Document
from shared.ports import Stored
from tests.simulation.services.rules.known import Known
from tests.support.identifiers import IDENTIFIERS

FILED_AS: Mapping[str, str] = {
    "submission": "authorizations",
    "office_request": "requests",
    "appointment": "appointments",
    "information_request": "information-requests",
    "report": "reports",
}
"""Per kind of effect, what it is outside."""


def only_asks(decider: Decider, stored: Stored) -> bool:
    """Whether a document waits for nothing but a party's result, which is asked for daily and without an end."""
    records = [record_from_stored(record) for record in stored["calls"]]
    waits_for_clock = decider.next_due(decider.decode(stored["state"], stored["schema"])) is not None
    return not waits_for_clock and all(_is_done(record) for record in records)


def _is_done(record: EffectRecord) -> bool:
    has_what_it_wants = bool(record.alive) == record.is_wanted or (record.is_wanted and record.has_person)
    return record.call is None and has_what_it_wants


def wrong_effects(known: Known) -> list[str]:
    """Effects that are not as they are wanted, and things outside that nobody knows."""
    found, ours = [], set()
    for documents in known.documents.values():
        for document in documents.values():
            for record in document.calls.values():
                if record.kind in FILED_AS:
                    ours.add(_key(document, record))
                    found += _wrong_effect(known, document, record)
    return found + [f"nobody knows of {key}" for key in known.outside.filed if key not in ours]


def _wrong_effect(known: Known, document: Document, record: EffectRecord) -> list[str]:
    filed = known.outside.filed.get(_key(document, record))
    is_alive = filed is not None and filed.is_alive
    about = f"{document.id} {record.key}"
    if record.has_person:
        is_needed = record.tries >= TRIES
        return [] if is_needed or not record.is_wanted else [f"{about} went to a person without need: {record}"]
    if is_alive != record.is_wanted:
        return [
            f"{about} is {'' if is_alive else 'not '}alive, and {'' if record.is_wanted else 'not '}wanted: {record}"
        ]
    return []


def _key(document: Document, record: EffectRecord) -> tuple[str, str]:
    return FILED_AS[record.kind], IDENTIFIERS[record.kind](document.id, document.state, record)
