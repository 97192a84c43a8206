"""The indexes of every collection, built or only looked for. Which there are says each service's blueprint."""

from dataclasses import dataclass
from typing import Any

from deploy.platform import registry
from shared.audit import RECORD_INDEXES
from shared.mongo import MongoRows, MongoStore, connect
from shared.service.on_record import COLLECTION
from shared.settings import MongoSettings


@dataclass(frozen=True)
class Lacks:
    """Indexes that were missing in one collection."""

    database: str
    collection: str
    indexes: tuple[str, ...]


async def lacking(settings: MongoSettings, *, is_built: bool) -> list[Lacks]:
    """What was missing where; `is_built`: it is not any more, however long that took. Raises Unavailable."""
    client = connect(settings, is_patient=is_built)
    try:
        found = []
        for plan in registry.blueprints().values():
            database = f"{settings.database_prefix}{plan.name}"
            wanted: list[tuple[MongoStore | MongoRows, str, Any]] = [
                (MongoStore(client, database, kind.collection), kind.collection, kind.indexes) for kind in plan.kinds
            ]
            wanted.append((MongoRows(client, database, COLLECTION), COLLECTION, RECORD_INDEXES))
            for collection, name, indexes in wanted:
                missing = await collection.missing(indexes)
                if missing and is_built:
                    await collection.prepare(indexes)
                found.append(Lacks(database, name, tuple(missing)))
        return [each for each in found if each.indexes]
    finally:
        client.close()
