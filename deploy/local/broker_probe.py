"""Asks a broker for its cluster id in Kafka's own protocol: the port may belong to another broker, or to a proxy."""

import socket
import struct

_METADATA, _VERSION, _CORRELATION, _NO_TOPICS = 3, 2, 1, 0


def answers_as(cluster_id: str, port: int) -> bool:
    """Whether the broker on this port of 127.0.0.1 is up and belongs to that cluster."""
    return cluster_at(port) == cluster_id


def cluster_at(port: int) -> str:
    """The cluster of the broker on this port of 127.0.0.1; "" while there is none that takes part in one."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(_framed(struct.pack(">hhihi", _METADATA, _VERSION, _CORRELATION, -1, _NO_TOPICS)))
            with connection.makefile("rb") as answer:
                return _cluster_id(answer.read(struct.unpack(">i", answer.read(4))[0]))
    except (OSError, struct.error):
        return ""


def _framed(request: bytes) -> bytes:
    return struct.pack(">i", len(request)) + request


def _cluster_id(response: bytes) -> str:
    """The cluster's id, or "" while it has no broker. Layout: Metadata response, version 2."""
    (brokers,) = struct.unpack_from(">i", response, 4)
    at = 8
    for _ in range(brokers):
        _, at = _text(response, at + 4)
        _, at = _text(response, at + 4)
    cluster_id, _ = _text(response, at)
    return cluster_id if brokers else ""


def _text(response: bytes, at: int) -> tuple[str, int]:
    """A nullable string, and where it ends."""
    (length,) = struct.unpack_from(">h", response, at)
    end = at + 2 + max(length, 0)
    return response[at + 2 : end].decode(), end
