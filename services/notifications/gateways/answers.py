"""Maps gateways' answers to commands: each answer carries the command that is decided in the same write."""

from datetime import datetime
from typing import Any

from services.notifications.domain import Postpone, RecordMayHaveGone, RecordRefusal, RecordSent
from shared.contracts.language import Actor, Reason
from shared.ports import Answer, Call

BY = Actor(kind="service", id="notifications")


def taken(call: Call, now: datetime, ref: str) -> Answer:
    """The gateway took it; it has the gateway's reference."""
    return Answer("alive", refs=(ref,), command=RecordSent(**_circumstances(call, now)))


def refused(call: Call, now: datetime, system: str, code: str) -> Answer:
    """The gateway refused it for good: trying again would change nothing."""
    reason = Reason(system=system, code=code)
    return Answer("not_taken", command=RecordRefusal(**_circumstances(call, now), reason=reason))


def postponed(call: Call, now: datetime) -> Answer:
    """It was not sent, because the hour is not lawful."""
    return Answer("not_taken", command=Postpone(**_circumstances(call, now)))


def not_recalled(call: Call, now: datetime) -> Answer:
    """It cannot be recalled. If it may have been sent, the domain corrects it."""
    return Answer("nothing", command=RecordMayHaveGone(**_circumstances(call, now)))


def _circumstances(call: Call, now: datetime) -> dict[str, Any]:
    return {"at": now, "by": BY, "channel": "effect", "number": call.revision}
