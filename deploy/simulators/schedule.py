"""The callbacks that the simulators will make, on disk: each at an absolute instant of simulated time.

A callback leaves the schedule only when it was taken or refused, so kill -9 loses none and may repeat one.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from deploy.simulators.journal import Body, transaction

UNDER_WAY = 1e18  # a `not_before` that no clock reaches


@dataclass(frozen=True, slots=True)
class ScheduledCallback:
    """One callback to come. `becomes` is the body of the record of (kind, identifier) from that instant on."""

    due_at: datetime
    kind: str
    identifier: str
    url: str
    body: Body
    style: Literal["bearer", "twilio"] = "bearer"
    becomes: Body | None = None


@dataclass(frozen=True, slots=True)
class DueCallback:
    """A callback whose instant has come; `tries` earlier attempts were not taken."""

    id: int
    tries: int
    callback: ScheduledCallback


@dataclass(frozen=True, slots=True)
class Backlog:
    """When the next callback falls due, how many are due now, and how many of these are under way or failed before."""

    next_due_at: datetime | None
    due_now: int
    in_flight: int
    retrying: int


class Schedule:
    """Callbacks by due time. Pauses between tries are on the monotonic clock and end with the process."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("UPDATE agenda SET not_before = 0")

    def add(self, callbacks: Sequence[ScheduledCallback]) -> None:
        """Write callbacks down; the caller's transaction ties them to the record that they belong to."""
        self._database.executemany(
            "INSERT INTO agenda (due_at, kind, identifier, url, body, style, becomes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    callback.due_at.timestamp(),
                    callback.kind,
                    callback.identifier,
                    callback.url,
                    json.dumps(callback.body),
                    callback.style,
                    json.dumps(callback.becomes) if callback.becomes else None,
                )
                for callback in callbacks
            ],
        )

    def drop(self, kind: str, identifier: str) -> None:
        """Forget the callbacks about an identifier: it was withdrawn."""
        self._database.execute("DELETE FROM agenda WHERE kind = ? AND identifier = ?", (kind, identifier))

    def claim(self, now: datetime, monotonic_s: float, limit: int) -> list[DueCallback]:
        """Take what is due and not pausing, oldest first, and let the records become what the callbacks say."""
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

    def finish(self, due: DueCallback) -> None:
        """It was taken or refused: nothing more to do."""
        self._database.execute("DELETE FROM agenda WHERE id = ?", (due.id,))

    def defer(self, due: DueCallback, not_before_s: float) -> None:
        """It was not taken: try again when the monotonic clock says so."""
        self._database.execute(
            "UPDATE agenda SET tries = tries + 1, not_before = ? WHERE id = ?", (not_before_s, due.id)
        )

    def backlog(self, now: datetime) -> Backlog:
        """What a player of time needs in order to know when to jump, and where to."""
        instant = now.timestamp()
        (next_due,) = self._database.execute("SELECT MIN(due_at) FROM agenda WHERE due_at > ?", (instant,)).fetchone()
        due, in_flight, retrying = self._database.execute(
            "SELECT COUNT(*), COALESCE(SUM(not_before = ?), 0), COALESCE(SUM(tries > 0), 0)"
            " FROM agenda WHERE due_at <= ?",
            (UNDER_WAY, instant),
        ).fetchone()
        return Backlog(next_due and datetime.fromtimestamp(next_due, UTC), due, in_flight, retrying)


def _due(row: sqlite3.Row) -> DueCallback:
    callback = ScheduledCallback(
        due_at=datetime.fromtimestamp(row["due_at"], UTC),
        kind=row["kind"],
        identifier=row["identifier"],
        url=row["url"],
        body=json.loads(row["body"]),
        style=row["style"],
        becomes=row["becomes"] and json.loads(row["becomes"]),
    )
    return DueCallback(row["id"], row["tries"], callback)
