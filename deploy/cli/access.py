"""`throughline access verify`: whether access records and the ledger of facts are what was written."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from deploy.cli import screen
from deploy.cli.exits import Code, Failure
from deploy.cli.migrate import database_settings
from deploy.cli.topics import broker_settings
from deploy.platform import registry
from services.tracking.domain import hash_of
from services.tracking.store import COLLECTION as TRACKS
from shared.audit import Head, Unsigned, Verified, public_keys, signed_head, verify, verify_ledger
from shared.audit.forwarding import is_head
from shared.contracts.envelope import ACCESS_TOPIC
from shared.kafka import KafkaSubscription
from shared.mongo import MongoRows, connect
from shared.service.on_record import COLLECTION
from shared.settings import KafkaSettings, MongoSettings

KEEPER: Final = "tracking"
BATCH: Final = 1000
QUIET_FETCHES: Final = 3
"""After so many that bring nothing, the topic is at its end."""
_KEYS: typer.models.OptionInfo = typer.Option("--keys", help="The public keys of signed heads: access/public.json.")
Keys = Annotated[Path, _KEYS]


def verify_records(keys: Keys, *, as_json: screen.AsJson = False) -> None:
    """Compare every chain with the heads on the topic. Exit code 1 when something was changed, cut off or rewritten."""
    found = asyncio.run(verified(database_settings(), broker_settings(), _keys_in(keys)))
    document = {name: asdict(verified) for name, verified in found.items()}
    screen.show({"verified": document}, as_json=as_json, tables=lambda: _tables(found))
    if any(verified.broken for verified in found.values()):
        raise typer.Exit(Code.FAILED)


def _keys_in(file: Path) -> dict[str, Any]:
    try:
        return public_keys(json.loads(file.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        raise Failure("The public keys cannot be read.", "Name the file access/public.json.") from None


async def verified(database: MongoSettings, broker: KafkaSettings, keys: dict[str, Any]) -> dict[str, Verified]:
    """What was found in the records of each service, and in the ledger of facts. Raises Unavailable."""
    heads = await _heads(broker, keys)
    client = connect(database, is_patient=True)
    try:
        rows = {name: MongoRows(client, f"{database.database_prefix}{name}", COLLECTION) for name in registry.names()}
        found = {f"access of {name}": await verify(each, heads, name) for name, each in rows.items()}
        ledger = MongoRows(client, f"{database.database_prefix}{KEEPER}", f"{TRACKS}_ledger")
        return {**found, "ledger of facts": await verify_ledger(rows[KEEPER], ledger, hash_of)}
    finally:
        client.close()


async def _heads(settings: KafkaSettings, keys: dict[str, Any]) -> dict[str, list[Head]]:
    """Every head on the topic that one of our services signed, by chain."""
    found: dict[str, list[Head]] = defaultdict(list)
    subscription = KafkaSubscription(settings, f"access-verify-{token_hex(4)}", [ACCESS_TOPIC])
    await subscription.start()
    try:
        quiet = 0
        while quiet < QUIET_FETCHES:
            received = await subscription.fetch(BATCH)
            quiet = 0 if received or not subscription.assigned() else quiet + 1
            for record in filter(is_head, received):
                try:
                    head = signed_head((record.value or b"").decode("ascii", "replace"), keys)
                except Unsigned:
                    continue
                found[head.chain].append(head)
            await subscription.commit({(it.topic, it.partition): it.offset + 1 for it in received})
    finally:
        await subscription.stop()
    return found


def _tables(found: dict[str, Verified]) -> Iterable[RenderableType]:
    rows = [(name, it.chains, it.records, "whole" if not it.broken else "BROKEN") for name, it in found.items()]
    yield screen.table("Verified", "what", "#chains", "#records", "", rows=rows)
    if broken := [(name, b.chain, b.number, b.flaw) for name, it in found.items() for b in it.broken]:
        yield screen.table("Broken", "what", "chain", "#record", "how", rows=broken)
