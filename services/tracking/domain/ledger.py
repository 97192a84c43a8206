"""The ledger: every fact once, unchanged, each bound by a hash to all that its service told before of the referral."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from services.tracking.domain.facts import ProjectionFact, Recorded
from services.tracking.domain.state import Projection, as_text
from shared.contracts.envelope import Envelope

Row = dict[str, Any]


def link(prev: str, envelope: Envelope, value: bytes) -> str:
    """The hash of a fact that follows the fact with hash `prev` ("" for the first)."""
    return _digest(prev, _attributes(envelope), value)


def row_of(_before: Projection, fact: ProjectionFact) -> Row | None:
    """The immutable row that a recorded fact adds; what people do adds none."""
    if not isinstance(fact, Recorded):
        return None
    envelope = fact.envelope
    return {
        "_id": id_of(envelope),
        "tenant": envelope.tenant,
        "service": envelope.service,
        **_attributes(envelope),
        "data": fact.value,
        "prev": fact.prev,
        "hash": fact.hash,
    }


def id_of(envelope: Envelope) -> str:
    """The id of the row of a fact, by its place in what its service told."""
    return f"{envelope.service}|{envelope.subject}|{envelope.sequence}"


def says_the_same(row: Mapping[str, Any], envelope: Envelope, value: bytes) -> bool:
    """Whether a copy of a fact is what its row was recorded from."""
    return bool(row.get("hash") == link(str(row.get("prev")), envelope, value))


def is_whole(rows: Sequence[Mapping[str, Any]], head: str) -> bool:
    """Whether one service's rows of one referral, in order, are what was recorded and end in `head`."""
    return end_of(rows, "") == head


def end_of(rows: Iterable[Mapping[str, Any]], prev: str) -> str | None:
    """The hash in which some rows end that follow the hash `prev`; None where they are not what was recorded."""
    for row in rows:
        if row["prev"] != prev or row["hash"] != hash_of(row):
            return None
        prev = row["hash"]
    return prev


def hash_of(row: Mapping[str, Any]) -> str:
    """The hash that a row should have, by what it holds."""
    return _digest(row["prev"], {name: row[name] for name in _ATTRIBUTES}, row["data"])


_ATTRIBUTES = ("source", "subject", "sequence", "type", "time", "causationid", "traceparent")


def _attributes(envelope: Envelope) -> Row:
    """The envelope as it rests: the time as text, which keeps the microseconds that a stored date would lose."""
    attributes = {name: getattr(envelope, name) for name in _ATTRIBUTES}
    return {**attributes, "time": as_text(envelope.time)}


def _digest(prev: str, attributes: Mapping[str, Any], value: bytes) -> str:
    canonical = json.dumps([prev, *(attributes[name] for name in _ATTRIBUTES)], separators=(",", ":"))
    return sha256(canonical.encode() + b"\n" + value).hexdigest()
