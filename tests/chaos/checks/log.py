"""What holds of the services' logs: what was to be expected is told in a word, and never as a traceback."""

from collections import Counter
from collections.abc import Collection

from tests.chaos.evidence import Evidence, LogLine

_LIBRARIES = ("aiokafka", "uvicorn.error", "pymongo", "motor")
"""These may call a lost connection an error; a traceback is not theirs to give either, but for what is known."""
_KNOWN = frozenset(
    {
        ("aiokafka.consumer.group_coordinator", "Unexpected error in coordinator routine"),
        ("asyncio", "Unclosed AIOKafkaConnection"),
    }
)
"""The client met a broker that names no broker; shared.kafka abandons it and joins the group anew. And a broker that
died in the middle of a handshake: the client drops that connection, and closes it when it is collected."""
_AFTERWARDS = "pymongo.client"
"""It gives back cursors and tends its connections beside what was asked for, and tells what it then meets with its
frames. A connection lost is the fault that struck; anything else is not."""
_LOST = frozenset(
    f"pymongo.errors.{error}"
    for error in ("AutoReconnect", "NetworkTimeout", "NotPrimaryError", "ServerSelectionTimeoutError")
)
_UNAWAITED = "Task exception was never retrieved"
"""Of the client's own errors: it shields its commits, so that one whose caller gave up fails unseen."""

_TOLD_OF_SPOILED = "a document cannot be used"
"""Operators are told, of what was spoiled alone."""


def unhandled(evidence: Evidence) -> list[str]:
    """No traceback, no exception that nobody retrieved, no error of our own, nothing that is not JSON."""
    wrong = Counter(_named(line) for line in evidence.log if _is_wrong(line, evidence.spoiled))
    return [f"{n} times {name}" for name, n in wrong.most_common()]


def _is_wrong(line: LogLine, spoiled: Collection[str]) -> bool:
    if line.event == _TOLD_OF_SPOILED and line.subject in spoiled:
        return line.has_traceback
    if (line.logger, line.event) in _KNOWN:
        return False
    if line.logger == _AFTERWARDS and line.error in _LOST:
        return False
    if line.event == _UNAWAITED and line.error.startswith("aiokafka."):
        return False
    is_error = line.level in ("error", "critical")
    return line.has_traceback or bool(line.text) or (is_error and not line.logger.startswith(_LIBRARIES))


def _named(line: LogLine) -> str:
    service = line.part.rpartition("-")[0] or line.part
    return f"{service}: {' '.join(filter(None, (line.level, line.logger, line.event, line.error, line.text)))}"
