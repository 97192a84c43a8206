"""Saving what a batch has changed: one write for all, and what can never be saved fails its own document alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.engine.batch import Batch
from shared.engine.frame import to_stored
from shared.engine.unit_of_work import UnitOfWork
from shared.errors import Unknown, Unusable
from shared.ports import Stored, Unsaved

if TYPE_CHECKING:
    from shared.engine.engine import Engine


async def save(engine: "Engine", units: list[UnitOfWork], batch: Batch) -> frozenset[str]:
    """Save the units; return the ids to decide again: their save was lost, or its outcome is unknown."""
    if beyond := await _append(engine, [row for unit in units for row in unit.rows]):
        for unit in units:
            if not beyond.isdisjoint(row["_id"] for row in unit.rows):
                _refuse(engine, unit.document.id, batch)
        return frozenset(unit.document.id for unit in units) - batch.failed.keys()
    stored = {each["_id"]: each for unit in units if (each := _stored(engine, unit, batch))}
    written = [unit for unit in units if unit.document.id in stored]
    lost = await _write(engine, list(stored.values()), written, batch) if written else frozenset()
    engine.count("saves", len(written) - len(lost))
    for unit in written:
        if unit.document.id not in lost:
            _after(engine, unit)
    return lost - batch.failed.keys()


async def _write(engine: "Engine", stored: list[Stored], written: list[UnitOfWork], batch: Batch) -> frozenset[str]:
    """Return the ids of those that are not there, as far as anybody knows: their calls are released."""
    lost, certain = frozenset(each["_id"] for each in stored), frozenset[str]()
    try:
        lost = certain = await engine.store.save(stored)
    except Unknown:
        engine.working_set.recent.doubt(lost)
    except Unsaved as misfits:
        certain = misfits.ids
        engine.working_set.recent.doubt(lost - certain)
        for key in certain:
            _refuse(engine, key, batch)
    finally:
        for unit in written:
            if unit.document.id in lost:
                engine.effects.release(unit, engine.commit, is_certain=unit.document.id in certain)
    return lost


async def _append(engine: "Engine", rows: Sequence[Stored]) -> frozenset[str]:
    """Add rows; return the ids of those that can never be added, in which case nobody knows of the others."""
    try:
        if rows:
            await engine.store.append(rows)
            engine.witness(rows)
    except Unsaved as misfits:
        return misfits.ids
    return frozenset()


def _refuse(engine: "Engine", key: str, batch: Batch) -> None:
    engine.give_up(Unusable(key, "too-large"), batch)


def _stored(engine: "Engine", unit: UnitOfWork, batch: Batch) -> Stored | None:
    document = unit.document
    try:
        engine.effects.begin(unit)
        document.version += 1
        document.wake_at = unit.wake_at(engine.effects.lease())
        return to_stored(
            document,
            engine.decider.encode(document.state),
            engine.decider.schema,
            engine.partition_of(document.id),
            unit.now,
        )
    except Exception as fault:  # noqa: BLE001 - the others of the batch have nothing to do with it
        engine.effects.release(unit, engine.commit, is_certain=True)
        engine.fail(unit, fault, batch)
        return None


def _after(engine: "Engine", unit: UnitOfWork) -> None:
    engine.working_set.unusable.saved(unit.document.id)
    if unit.document.outbox:
        engine.publish(unit.document)
    if unit.document.calls:
        engine.effects.drive(unit, engine.commit)
    engine.working_set.recent.remember(unit.document)
