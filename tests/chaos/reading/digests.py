"""Digests of what was published and what was recorded, short ones, since a run has hundreds of thousands."""

from hashlib import sha256

from services.tracking.domain.ledger import link
from shared.contracts.envelope import Envelope, Headers

_DIGITS = 16


def copy_of(headers: Headers, value: bytes | None) -> str:
    """Of a record, byte by byte. The order of headers counts: a repetition is sent from the same outbox."""
    return sha256(repr((tuple(headers), value)).encode()).hexdigest()[:_DIGITS]


def content_of(envelope: Envelope, value: bytes | None) -> str:
    """Of what the ledger keeps of a fact, as if it were its service's first."""
    return link("", envelope, value or b"")[:_DIGITS]
