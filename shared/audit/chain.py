"""The chain: each record of one writing process is bound by a hash to all that the process wrote before.

Pure. It shows what was changed by hand. Who writes the whole chain anew is shown by heads that are kept elsewhere.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from shared.audit.record import AccessRecord

Row = dict[str, Any]
Flaw = Literal["altered", "missing", "unlinked", "cut", "rewritten"]
DIGITS: Final = 12
BESIDE: Final = frozenset({"_id", "hash", "pending"})
"""What a row has beside what its hash covers: where it is, and how far it has come."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain is: its last number, and the hash of that record."""

    chain: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place at which a chain is not what was written.

    altered: its fields are others; missing: it is not there; unlinked: it follows something else; cut: the chain was
    longer; rewritten: the chain is whole, and is not the one whose head was kept.
    """

    chain: str
    number: int
    flaw: Flaw


def start_of(chain: str) -> Head:
    """Where a chain begins."""
    return Head(chain, 0, "")


def linked(records: Sequence[AccessRecord], head: Head) -> tuple[list[Row], Head]:
    """Records as rows that follow a head, and the head after them."""
    rows: list[Row] = []
    for record in records:
        content = {**record.fields, "chain": head.chain, "number": head.number + 1, "prev": head.hash}
        head = Head(head.chain, head.number + 1, _digest(content))
        rows.append({"_id": id_of(head.chain, head.number), **content, "hash": head.hash})
    return rows, head


def id_of(chain: str, number: int) -> str:
    """Where a record rests. Texts in this order are the chain's order."""
    return f"{chain}:{number:0{DIGITS}d}"


def broken(chain: str, rows: Iterable[Mapping[str, Any]], heads: Iterable[Head] = ()) -> Broken | None:
    """The first place at which a chain's rows, in order, are not what was written; None where they are.

    `heads` are what was kept of the chain elsewhere, in any order: without one, nobody sees that its end is gone.
    """
    kept, head = sorted((it for it in heads if it.chain == chain), key=lambda it: it.number), start_of(chain)
    of_number: dict[int, list[Head]] = {}
    for it in kept:
        of_number.setdefault(it.number, []).append(it)
    for row in rows:
        number = head.number + 1
        if flaw := _flaw(row, head):
            return Broken(chain, number, flaw)
        head = Head(chain, number, row["hash"])
        if any(it.hash != head.hash for it in of_number.get(number, ())):
            return Broken(chain, number, "rewritten")
    return Broken(chain, head.number + 1, "cut") if kept and kept[-1].number > head.number else None


def _flaw(row: Mapping[str, object], head: Head) -> Flaw | None:
    if row.get("number") != head.number + 1 or row.get("chain") != head.chain:
        return "missing"
    if row.get("prev") != head.hash:
        return "unlinked"
    return "altered" if broken_in_itself(row) else None


def broken_in_itself(row: Mapping[str, Any]) -> bool:
    """Whether a row's hash is not that of its fields."""
    return bool(row.get("hash") != _digest({name: value for name, value in row.items() if name not in BESIDE}))


def _digest(content: Mapping[str, object]) -> str:
    return sha256(canonical(content)).hexdigest()


def canonical(content: Mapping[str, object]) -> bytes:
    """The one spelling that is hashed: names in order, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
