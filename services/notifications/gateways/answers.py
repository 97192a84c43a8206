"""What a gateway's word means to the domain: each answer carries the command that is decided in the same write."""

from datetime import datetime
from typing import Any

from services.notifications.domain import Postpone, RecordMayHaveGone, RecordRefusal, RecordSent
from shared.contracts.language import Actor, Reason
from shared.ports import Answer, Call

BY = Actor(kind="service", id="notifications")


def taken(call: Call, now: datetime, ref: str) -> Answer:
    """It is on its way, under the gateway's reference."""
    return Answer("alive", refs=(ref,), command=RecordSent(**_circumstances(call, now)))


def refused(call: Call, now: datetime, system: str, code: str) -> Answer:
    """It was refused for good: trying again would change nothing."""
    reason = Reason(system=system, code=code)
    return Answer("not_taken", command=RecordRefusal(**_circumstances(call, now), reason=reason))


def postponed(call: Call, now: datetime) -> Answer:
    """It was not sent, because this is not the hour."""
    return Answer("not_taken", command=Postpone(**_circumstances(call, now)))


def not_recalled(call: Call, now: datetime) -> Answer:
    """Nothing can be recalled: that it may have gone is for the domain to correct."""
    return Answer("nothing", command=RecordMayHaveGone(**_circumstances(call, now)))


def _circumstances(call: Call, now: datetime) -> dict[str, Any]:
    return {"at": now, "by": BY, "channel": "effect", "number": call.revision}
