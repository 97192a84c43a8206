"""Which records of effects a document need not keep: it has a limit, and what is settled for good is only history."""

from shared.effects.protocol import EffectRecord

SETTLED_KEPT = 200
"""A late word about one of the last so many still finds it; no call may land so late that there are more."""


def forget_settled(records: dict[str, EffectRecord]) -> None:
    """Forget the oldest that are neither wanted nor anywhere: withdrawn, never taken, or never sent."""
    settled = [key for key, record in records.items() if _is_settled(record)]
    for key in settled[: -SETTLED_KEPT or None]:
        del records[key]


def _is_settled(record: EffectRecord) -> bool:
    return not (record.is_wanted or record.call or record.alive or record.is_in_doubt)
