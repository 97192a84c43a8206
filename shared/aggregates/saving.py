"""Saving what a batch has changed: one write for all, and what can never be saved fails its own document alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.aggregates.batch import Batch
from shared.aggregates.draft import Draft
from shared.aggregates.frame import to_stored
from shared.errors import Unknown, Unusable
from shared.ports import Stored, Unsaved

if TYPE_CHECKING:
    from shared.aggregates.engine import Engine


async def save(engine: "Engine", drafts: list[Draft], batch: Batch) -> frozenset[str]:
    """Save the drafts; return the ids to decide again, whose save was lost or whose outcome nobody knows."""
    if beyond := await _append(engine, [row for draft in drafts for row in draft.rows]):
        for draft in drafts:
            if not beyond.isdisjoint(row["_id"] for row in draft.rows):
                _refuse(engine, draft.document.id, batch)
        return frozenset(draft.document.id for draft in drafts) - batch.failed.keys()
    stored = {each["_id"]: each for draft in drafts if (each := _stored(engine, draft, batch))}
    written = [draft for draft in drafts if draft.document.id in stored]
    lost = await _write(engine, list(stored.values()), written, batch) if written else frozenset()
    engine.count("saves", len(written) - len(lost))
    for draft in written:
        if draft.document.id not in lost:
            _after(engine, draft)
    return lost - batch.failed.keys()


async def _write(engine: "Engine", stored: list[Stored], written: list[Draft], batch: Batch) -> frozenset[str]:
    """Return the ids of those that are not there, as far as anybody knows: their calls are released."""
    lost, certain = frozenset(each["_id"] for each in stored), frozenset[str]()
    try:
        lost = certain = await engine.store.save(stored)
    except Unknown:
        engine.recent.doubt(lost)
    except Unsaved as misfits:
        certain = misfits.ids
        engine.recent.doubt(lost - certain)
        for key in certain:
            _refuse(engine, key, batch)
    finally:
        for draft in written:
            if draft.document.id in lost:
                engine.caller.release(draft, is_certain=draft.document.id in certain)
    return lost


async def _append(engine: "Engine", rows: Sequence[Stored]) -> frozenset[str]:
    """Add rows; return the ids of those that can never be added, in which case nobody knows of the others."""
    try:
        if rows:
            await engine.store.append(rows)
    except Unsaved as misfits:
        return misfits.ids
    return frozenset()


def _refuse(engine: "Engine", key: str, batch: Batch) -> None:
    engine.give_up(Unusable(key, "too-large"), batch)


def _stored(engine: "Engine", draft: Draft, batch: Batch) -> Stored | None:
    document = draft.document
    try:
        engine.caller.begin(draft)
        document.version += 1
        document.wake_at = draft.wake_at(engine.caller.handover())
        return to_stored(
            document,
            engine.decider.encode(document.state),
            engine.decider.schema,
            engine.slot_of(document.id),
            draft.now,
        )
    except Exception as fault:  # noqa: BLE001 - the others of the batch have nothing to do with it
        engine.caller.release(draft, is_certain=True)
        engine.fail(draft, fault, batch)
        return None


def _after(engine: "Engine", draft: Draft) -> None:
    engine.unusable.saved(draft.document.id)
    if draft.document.outbox:
        engine.publish(draft.document)
    if draft.document.calls:
        engine.caller.drive(draft)
    engine.recent.remember(draft.document)
