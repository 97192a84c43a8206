"""What a platform of real processes has left: read raw from the broker, the database, the figures and the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from deploy.platform.addresses import Addresses
from tests.privacy.canaries import STEM
from tests.privacy.scanning import Evidence

FETCH_MS = 1000


async def add_topics(evidence: Evidence, bootstrap: str) -> None:
    """Every record of every topic, as it lies there."""
    partitions = await _partitions(bootstrap)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for each, records in (await consumer.getmany(timeout_ms=FETCH_MS)).items():
                for record in records:
                    evidence.add(f"key of {each.topic}", record.key or b"")
                    evidence.add(f"header of {each.topic}", *(value for _, value in record.headers))
                    evidence.add(f"value of {each.topic}", record.value or b"")


async def _partitions(bootstrap: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(await admin.list_topics())
    finally:
        await admin.close()
    ours = [found for found in described if not found["is_internal"]]
    return [TopicPartition(found["topic"], each["partition"]) for found in ours for each in found["partitions"]]


def add_documents(evidence: Evidence, uri: str) -> None:
    """Every document of every collection of every database, raw."""
    with MongoClient[Any](uri, document_class=RawBSONDocument) as client:
        for database in client.list_database_names():
            for collection in client[database].list_collection_names():
                for document in client[database][collection].find():
                    evidence.add(_place(collection, document), document.raw)


def _place(collection: str, document: RawBSONDocument) -> str:
    """Its collection; what the server keeps to replicate holds each write once more, and is told by where it went."""
    is_of_replication = collection == "oplog.rs" and document.get("ns")
    return f"document {str(document['ns']).rpartition('.')[2]}" if is_of_replication else f"document {collection}"


async def add_metrics(evidence: Evidence, addresses: Addresses) -> None:
    """The figures of every part that has some."""
    async with httpx2.AsyncClient() as client:
        for name, url in addresses.urls.items():
            evidence.add(f"metrics of {name}", (await client.get(f"{url}/metrics")).content)


def add_logs(evidence: Evidence, folder: Path) -> None:
    """What every process printed."""
    for file in sorted(folder.glob("*")):
        evidence.add(f"log {file.name}", file.read_bytes())


def files_with_the_stem(folder: Path) -> Iterator[str]:
    """The files of broker and database in which the stem stands, as far as they can be read."""
    for file in sorted(folder.rglob("*")):
        is_data = file.suffix in {".log", ".wt"} or file.parent.name == "journal"  # the others are indexes and empty
        if is_data and STEM.lower().encode() in file.read_bytes().lower():
            yield file.name
