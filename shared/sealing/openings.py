"""Who opened which seal, and why: the audit of the keyring. Nothing that a seal holds may enter here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import structlog
from prometheus_client import Counter


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a seal, for the audit: who (`actor_kind`) read what kind of data, and why."""

    tenant: str
    audience: str
    purpose: str
    actor_kind: str
    referral_id: str | None


def log_opening(opening: Opening) -> None:
    """The default audit: one log line."""
    structlog.get_logger().info(
        "seal opened",
        tenant=opening.tenant,
        audience=opening.audience,
        purpose=opening.purpose,
        actor_kind=opening.actor_kind,
        referral_id=opening.referral_id,
    )


def log_refusal(audience: str, code: str) -> None:
    """The default for seals that are refused: one log line."""
    structlog.get_logger().warning("seal refused", audience=audience, code=code)


def counting_refusals(refusals: Counter) -> Callable[[str, str], None]:
    """Also counts them by audience and reason. `moved` has no innocent cause."""

    def refused(audience: str, code: str) -> None:
        refusals.labels(audience, code).inc()
        log_refusal(audience, code)

    return refused


def counting(openings: Counter) -> Callable[[Opening], None]:
    """An audit that also counts openings by audience."""
    of_audience = cache(openings.labels)  # the audiences are those of the keys: a handful

    def audit(opening: Opening) -> None:
        of_audience(opening.audience).inc()
        log_opening(opening)

    return audit
