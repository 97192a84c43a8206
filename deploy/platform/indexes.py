"""The indexes of every collection, built or only looked for. Which there are says each service's blueprint."""

from dataclasses import dataclass

from deploy.platform import registry
from shared.mongo import MongoStore, connect
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
            for kind in plan.kinds:
                database = f"{settings.database_prefix}{plan.name}"
                store = MongoStore(client, database, kind.collection)
                missing = await store.missing(kind.indexes)
                if missing and is_built:
                    await store.prepare(kind.indexes)
                found.append(Lacks(database, kind.collection, tuple(missing)))
        return [each for each in found if each.indexes]
    finally:
        client.close()
