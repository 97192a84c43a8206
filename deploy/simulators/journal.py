"""What the simulators were asked and what they made of it, on disk, so that kill -9 loses nothing that was answered.

One SQLite file, one process, short synchronous transactions. Bodies of requests are not kept: a record holds
the answer that the outside system would give, and no patient data.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Count = Literal[
    "sends",
    "asks",
    "withdrawals",
    "effects",
    "withdrawn",
    "callbacks_sent",
    "callbacks_accepted",
    "callbacks_refused",
]
COUNTS: tuple[Count, ...] = get_args(Count)
Body = dict[str, Any]

# The names in the file are those it was first written with: `keeper` is the owner, `agenda` the schedule.
SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (kind TEXT, identifier TEXT, name TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (kind, identifier, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (kind TEXT, identifier TEXT, keeper TEXT NOT NULL, body TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, identifier)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agenda (id INTEGER PRIMARY KEY, due_at REAL NOT NULL, not_before REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL, identifier TEXT NOT NULL, url TEXT NOT NULL,
    body TEXT NOT NULL, style TEXT NOT NULL, becomes TEXT);
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due_at);
CREATE INDEX IF NOT EXISTS agenda_of ON agenda (kind, identifier);
CREATE TABLE IF NOT EXISTS forced (kind TEXT, identifier TEXT, behaviour TEXT NOT NULL,
    PRIMARY KEY (kind, identifier)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fault_hits (fault_id INTEGER, identifier TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (fault_id, identifier)) WITHOUT ROWID;
"""


def open_database(directory: Path) -> sqlite3.Connection:
    """The simulators' file in the directory, made when missing; each statement commits unless in `transaction`."""
    directory.mkdir(parents=True, exist_ok=True)
    # The server's loop may run in another thread than the one that builds the app, but never in two.
    database = sqlite3.connect(directory / "simulators.sqlite3", isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    # NORMAL survives the death of the process; only a power cut may take the last commits.
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or none. There must be no await inside."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class Record:
    """What an outside system knows under one identifier. `owner` is whose it is: the payer or the office."""

    kind: str
    identifier: str
    owner: str
    body: Body
    withdrawn: bool = False


class Journal:
    """Counts of what was asked, and records of what was made of it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def count(self, kind: str, identifier: str, name: Count) -> int:
        """Add one, and return how many that makes."""
        (n,) = self._database.execute(
            "INSERT INTO counts VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
            (kind, identifier, name),
        ).fetchone()
        return int(n)

    def counts_of(self, kind: str, identifier: str) -> dict[Count, int]:
        """Every count of one identifier; what was never asked is zero."""
        rows = self._database.execute(
            "SELECT name, n FROM counts WHERE kind = ? AND identifier = ?", (kind, identifier)
        )
        return dict.fromkeys(COUNTS, 0) | dict(rows.fetchall())

    def counts_by_identifier(self, kind: str) -> dict[str, dict[str, int]]:
        """The counts of each identifier of a kind, zeros left out."""
        found: dict[str, dict[str, int]] = {}
        rows = self._database.execute("SELECT identifier, name, n FROM counts WHERE kind = ?", (kind,))
        for identifier, name, n in rows:
            found.setdefault(identifier, {})[name] = n
        return found

    def totals(self) -> dict[str, dict[str, int]]:
        """Per kind, how many identifiers it has and the sum of each count."""
        found: dict[str, dict[str, int]] = {}
        for kind, identifiers in self._database.execute(
            "SELECT kind, COUNT(DISTINCT identifier) FROM counts GROUP BY kind"
        ):
            found[kind] = {"identifiers": identifiers}
        for kind, name, n in self._database.execute("SELECT kind, name, SUM(n) FROM counts GROUP BY kind, name"):
            found[kind][name] = n
        return found

    def create(self, record: Record) -> bool:
        """Keep a record and count the effect; False, and nothing done, when its identifier is known."""
        created = self._database.execute(
            "INSERT OR IGNORE INTO records (kind, identifier, keeper, body) VALUES (?, ?, ?, ?)",
            (record.kind, record.identifier, record.owner, json.dumps(record.body)),
        ).rowcount
        if created:
            self.count(record.kind, record.identifier, "effects")
        return bool(created)

    def find(self, kind: str, identifier: str) -> Record | None:
        """The record of an identifier, also a withdrawn one."""
        row = self._database.execute(
            "SELECT keeper, body, withdrawn FROM records WHERE kind = ? AND identifier = ?", (kind, identifier)
        ).fetchone()
        return row and Record(kind, identifier, row[0], json.loads(row[1]), bool(row[2]))

    def withdraw(self, record: Record, body: Body) -> None:
        """Leave the record as a tombstone, so that its identifier is never used again."""
        self._database.execute(
            "UPDATE records SET body = ?, withdrawn = 1 WHERE kind = ? AND identifier = ?",
            (json.dumps(body), record.kind, record.identifier),
        )
        self.count(record.kind, record.identifier, "withdrawn")
