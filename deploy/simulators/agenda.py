"""What the simulators will do later, on disk: each at an absolute instant of simulated time.

A promise leaves the agenda only when its callback was taken or refused, so kill -9 loses none and may repeat one.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from deploy.simulators.ledger import Body, transaction

UNDER_WAY = 1e18  # a `not_before` that no clock reaches


@dataclass(frozen=True, slots=True)
class Promise:
    """One callback to come. `becomes` is the body of the record of (kind, identifier) from that instant on."""

    due_at: datetime
    kind: str
    identifier: str
    url: str
    body: Body
    style: Literal["bearer", "twilio"] = "bearer"
    becomes: Body | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A promise whose instant has come; `tries` earlier callbacks were not taken."""

    id: int
    tries: int
    promise: Promise


@dataclass(frozen=True, slots=True)
class Outlook:
    """When the next promise falls due, how many are due now, and how many of these are under way or failed before."""

    next_due_at: datetime | None
    due_now: int
    in_flight: int
    retrying: int


class Agenda:
    """Promises by due time. Pauses between tries are on the monotonic clock and end with the process."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("UPDATE agenda SET not_before = 0")

    def add(self, promises: Sequence[Promise]) -> None:
        """Write promises down; the caller's transaction ties them to what they belong to."""
        self._database.executemany(
            "INSERT INTO agenda (due_at, kind, identifier, url, body, style, becomes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    promise.due_at.timestamp(),
                    promise.kind,
                    promise.identifier,
                    promise.url,
                    json.dumps(promise.body),
                    promise.style,
                    json.dumps(promise.becomes) if promise.becomes else None,
                )
                for promise in promises
            ],
        )

    def drop(self, kind: str, identifier: str) -> None:
        """Forget what was promised about an identifier: it was withdrawn."""
        self._database.execute("DELETE FROM agenda WHERE kind = ? AND identifier = ?", (kind, identifier))

    def claim(self, now: datetime, monotonic_s: float, limit: int) -> list[Due]:
        """Take what is due and not pausing, oldest first, and let the records become what was promised."""
        with transaction(self._database):
            rows = self._database.execute(
                "SELECT * FROM agenda WHERE due_at <= ? AND not_before <= ? ORDER BY due_at, id LIMIT ?",
                (now.timestamp(), monotonic_s, limit),
            ).fetchall()
            self._database.executemany(
                "UPDATE agenda SET not_before = ? WHERE id = ?", [(UNDER_WAY, row["id"]) for row in rows]
            )
            self._database.executemany(
                "UPDATE records SET body = ? WHERE kind = ? AND identifier = ? AND NOT withdrawn",
                [(row["becomes"], row["kind"], row["identifier"]) for row in rows if row["becomes"]],
            )
        return [_due(row) for row in rows]

    def settle(self, due: Due) -> None:
        """It was taken or refused: nothing more to do."""
        self._database.execute("DELETE FROM agenda WHERE id = ?", (due.id,))

    def defer(self, due: Due, not_before_s: float) -> None:
        """It was not taken: try again when the monotonic clock says so."""
        self._database.execute(
            "UPDATE agenda SET tries = tries + 1, not_before = ? WHERE id = ?", (not_before_s, due.id)
        )

    def outlook(self, now: datetime) -> Outlook:
        """What a player of time needs in order to know when to jump, and where to."""
        instant = now.timestamp()
        (next_due,) = self._database.execute("SELECT MIN(due_at) FROM agenda WHERE due_at > ?", (instant,)).fetchone()
        due, in_flight, retrying = self._database.execute(
            "SELECT COUNT(*), COALESCE(SUM(not_before = ?), 0), COALESCE(SUM(tries > 0), 0)"
            " FROM agenda WHERE due_at <= ?",
            (UNDER_WAY, instant),
        ).fetchone()
        return Outlook(next_due and datetime.fromtimestamp(next_due, UTC), due, in_flight, retrying)


def _due(row: sqlite3.Row) -> Due:
    promise = Promise(
        due_at=datetime.fromtimestamp(row["due_at"], UTC),
        kind=row["kind"],
        identifier=row["identifier"],
        url=row["url"],
        body=json.loads(row["body"]),
        style=row["style"],
        becomes=row["becomes"] and json.loads(row["becomes"]),
    )
    return Due(row["id"], row["tries"], promise)
