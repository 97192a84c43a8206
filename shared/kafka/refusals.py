"""What the broker's authorizer refuses us. That is no outage: nobody mends it by waiting, so it is said, once."""

from typing import Final

import structlog
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from shared.errors import Refused

REFUSED: Final = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)
"""Its words for it. One for the cluster comes to a producer that may write nowhere at all."""


def refusal_of(error: KafkaError) -> Refused:
    """The same in our words: the client names the topic or group, where it names one."""
    named = error.args[0] if error.args else ""
    return Refused(named if isinstance(named, str) else ", ".join(sorted(named)))


class Refusals:
    """What one client was refused and has not been granted since: each is said once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(self, refusal: Refused, *, topic: str | None = None, group: str | None = None) -> Refused:
        """Say in the log where we met it, if it is news; return what to raise."""
        if refusal.what not in self._said:
            self._said.add(refusal.what)
            structlog.get_logger().error("the broker's authorizer refuses us", topic=topic, group=group)
        return refusal

    def granted(self, *names: str) -> None:
        """These are allowed: a later refusal is news."""
        self._said.difference_update(names)
