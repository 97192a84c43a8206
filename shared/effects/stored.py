"""How the record of an effect rests in its aggregate's document. What it means is said in `protocol`."""

from typing import Any

from shared.effects.protocol import EffectRecord, LiveCall


def record_to_stored(record: EffectRecord) -> dict[str, Any]:
    """The record as it rests in the document."""
    stored = {name: getattr(record, name) for name in record.__slots__ if name != "call"}
    call = record.call
    stored["call"] = {name: getattr(call, name) for name in call.__slots__} if call else None
    return stored


def record_from_stored(stored: dict[str, Any]) -> EffectRecord:
    """The inverse of `record_to_stored`."""
    call = stored["call"]
    return EffectRecord(**{**stored, "call": LiveCall(**call) if call else None})
