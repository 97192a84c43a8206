"""Who looked at what: pages of access records, newest first, by referral, patient, person or day.

The names of a record's fields are `shared.audit`'s; queries name their tenant, as all do. Refusals of strangers belong
to no tenant, and are shown to each.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, Field, field_validator

from shared.audit import Rows
from shared.errors import Unreadable

NEWEST: Final = (("at", -1), ("_id", -1))
REFERRALS_AT_MOST: Final = 1000
Query = dict[str, Any]


class SealOpened(BaseModel):
    """A seal that was opened."""

    audience: str
    purpose: str
    referral_id: str


class ShownAccess(BaseModel):
    """One access record."""

    id: str
    at: AwareDatetime
    kind: str
    service: str
    outcome: str
    subject: str
    roles: tuple[str, ...]
    client: str
    party: str
    address: str
    method: str
    route: str
    purpose: str
    referrals: tuple[str, ...]
    patient_ref: str
    opened: tuple[SealOpened, ...]
    recipient: str
    status: int
    request_id: str
    count: int


class Accesses(BaseModel):
    """A page. `next` is the cursor of the following one."""

    records: tuple[ShownAccess, ...]
    next: str | None


class Sought(BaseModel):
    """What of all accesses is wanted; each part narrows it. `day` is of UTC."""

    referral_id: str | None = Field(default=None, max_length=60)
    patient_ref: str | None = Field(default=None, max_length=60)
    subject: str | None = Field(default=None, max_length=255)
    day: date | None = None
    cursor: str | None = Field(default=None, max_length=500)
    limit: int = Field(default=50, ge=1, le=200)

    @field_validator("*", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        """Empty, as a form sends what was left out, narrows nothing."""
        return None if value == "" else value


async def accesses(rows: Rows, tenant: str, sought: Sought) -> Accesses:
    """The page. Raises Unreadable for a cursor that is none; Unavailable."""
    found = await rows.find(await _query(rows, tenant, sought), NEWEST, sought.limit + 1)
    page = tuple(_shown(row) for row in found[: sought.limit])
    more = _cursor(found[sought.limit - 1]) if len(found) > sought.limit else None
    return Accesses(records=page, next=more)


async def _query(rows: Rows, tenant: str, sought: Sought) -> Query:
    parts: list[Query] = []
    if sought.referral_id:
        parts.append({"referrals": sought.referral_id})
    if sought.patient_ref:
        parts.append(await _of_patient(rows, tenant, sought.patient_ref))
    if sought.subject:
        parts.append({"subject": sought.subject})
    if sought.day:
        parts.append({"at": {"$gte": _text(sought.day), "$lt": _text(sought.day + timedelta(days=1))}})
    if sought.cursor:
        at, id_ = _position(sought.cursor)
        parts.append({"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": id_}}]})
    is_narrow = sought.referral_id or sought.patient_ref or sought.subject
    whose = {"kind": {"$ne": "ledger"}, "tenant": tenant if is_narrow else {"$in": [tenant, ""]}}
    return {**whose, **({"$and": parts} if parts else {})}


async def _of_patient(rows: Rows, tenant: str, patient_ref: str) -> Query:
    """A patient's referrals are known by the records of those who brought or saw their orders."""
    named = await rows.find({"tenant": tenant, "patient_ref": patient_ref}, NEWEST, REFERRALS_AT_MOST)
    referrals = sorted({referral_id for row in named for referral_id in row["referrals"]})
    return {"$or": [{"patient_ref": patient_ref}, {"referrals": {"$in": referrals}}]}


def _text(day: date) -> str:
    return f"{day.isoformat()}T"


def _shown(row: Mapping[str, Any]) -> ShownAccess:
    names = ("audience", "purpose", "referral_id")
    opened = [SealOpened(**dict(zip(names, seal, strict=True))) for seal in row["opened"]]
    return ShownAccess(
        **{**{name: row.get(name) for name in ShownAccess.model_fields}, "id": row["_id"], "opened": opened}
    )


def _cursor(row: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([row["at"], row["_id"]]).encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[str, str]:
    try:
        at, id_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        at = id_ = None
    if not (isinstance(at, str) and isinstance(id_, str)):
        raise Unreadable("", "The cursor is not of this list.")
    return at, id_
