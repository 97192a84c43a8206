"""One access record: an answered request, a call to somebody outside, or refusals of one minute and address.

Pure. What a caller wrote may not enter, but for ids of ours: a path, a query or a header can hold anything.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

FORM: Final = 1
"""Which fields a record has. Its hash covers them all: with other fields a record is of another form."""

Kind = Literal["request", "call", "opening", "refusals", "ledger"]
Outcome = Literal["allowed", "denied", "failed"]
_DENIED: Final = frozenset({401, 403, 404})
_FIRST_FAILURE: Final = 400


@dataclass(frozen=True, slots=True)
class Opened:
    """A seal that was opened: for which audience it was made, why it was opened, and whose referral it is of."""

    audience: str
    purpose: str
    referral_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """Who, what, why, when, from where, and how it ended.

    `ledger` is no access: rows of the ledger of facts with their hashes, which are so bound by the chain, too.
    `at` is the machine's time, never the movable clock of the business. `purpose` is the permission that was used, or
    what a call is for. `count` is above one for refusals, which are counted by minute and address.
    """

    kind: Kind
    at: datetime
    service: str
    outcome: Outcome
    tenant: str = ""
    subject: str = ""
    roles: tuple[str, ...] = ()
    client: str = ""
    party: str = ""
    address: str = ""
    method: str = ""
    route: str = ""
    purpose: str = ""
    referrals: tuple[str, ...] = ()
    patient_ref: str = ""
    opened: tuple[Opened, ...] = ()
    recipient: str = ""
    status: int = 0
    request_id: str = ""
    count: int = 1
    ledger: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """As it rests and travels: texts, whole numbers and lists, so that no store and no wire changes a byte."""
        found = asdict(self)
        opened = [[it.audience, it.purpose, it.referral_id or ""] for it in self.opened]
        lists = {name: list(found[name]) for name in ("referrals", "ledger")}
        return {**found, **lists, "roles": sorted(self.roles), "opened": opened, "at": as_text(self.at), "form": FORM}


def as_text(instant: datetime) -> str:
    """An instant as text that sorts as instants do."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def outcome_of(status: int) -> Outcome:
    """What an answer means. What is somebody else's is answered as if it did not exist: that is a denial, too."""
    if status in _DENIED:
        return "denied"
    return "allowed" if 0 < status < _FIRST_FAILURE else "failed"


def opened_of(row: Mapping[str, Any]) -> tuple[Opened, ...]:
    """The seals of a record at rest."""
    return tuple(Opened(audience, purpose, referral_id or None) for audience, purpose, referral_id in row["opened"])
