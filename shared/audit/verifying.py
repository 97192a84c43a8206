"""Verifying what is on record: every chain of a collection against the heads that were signed for it.

And the ledger of facts against what was put on record of its rows. It reads, and changes nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.audit.chain import Broken, Head, Row, broken
from shared.audit.rows import Rows

PAGE: Final = 1000
Heads = Mapping[str, Sequence[Head]]


@dataclass(frozen=True)
class Verified:
    """What was looked through, and the first broken place of each chain that has one."""

    chains: int
    records: int
    broken: tuple[Broken, ...]


async def verify(rows: Rows, heads: Heads, service: str) -> Verified:
    """Every chain of a service's collection, also one of which nothing is left but its heads. Raises Unavailable.

    Of other services' chains, which one service keeps beside its own, what has come so far is verified.
    """
    found, records, seen = list[Broken](), 0, set[str]()
    async for chain in _chains(rows):
        seen.add(chain)
        of_chain = await _of_chain(rows, chain)
        records += len(of_chain)
        if flaw := broken(chain, of_chain, _known(heads.get(chain, ()), of_chain, chain, service)):
            found.append(flaw)
    own = (chain for chain in heads if _is_of(chain, service))
    found += [flaw for chain in sorted(own) if chain not in seen and (flaw := broken(chain, (), heads[chain]))]
    return Verified(len(seen), records, tuple(found))


def _is_of(chain: str, service: str) -> bool:
    return chain.rpartition("-")[0] == service


def _known(heads: Sequence[Head], rows: Sequence[Row], chain: str, service: str) -> list[Head]:
    is_whole = _is_of(chain, service)
    return [head for head in heads if is_whole or head.number <= len(rows)]


async def _chains(rows: Rows) -> AsyncIterator[str]:
    """Each chain that there are rows of, by its first."""
    after = ""
    while first := await rows.find({"_id": {"$gt": after}}, [("_id", 1)], 1):
        chain = str(first[0]["_id"]).rpartition(":")[0]
        yield chain
        after = f"{chain};"


async def _of_chain(rows: Rows, chain: str) -> list[Row]:
    found: list[Row] = []
    after = f"{chain}:"
    while page := await rows.find({"_id": {"$gt": after, "$lt": f"{chain};"}}, [("_id", 1)], PAGE):
        found += page
        after = page[-1]["_id"]
    return found


async def verify_ledger(rows: Rows, ledger: Rows, hash_of: Callable[[Mapping[str, Any]], str]) -> Verified:
    """The ledger of facts against what was put on record of it: a row that is not there, or is not what was written.

    Whether what was put on record is what was written, `verify` says.
    """
    found, count, after = list[Broken](), 0, ""
    while page := await rows.find({"kind": "ledger", "_id": {"$gt": after}}, [("_id", 1)], PAGE):
        after = page[-1]["_id"]
        for record in page:
            wanted = dict(name.rpartition("=")[::2] for name in record["ledger"])
            rows_there = await ledger.find({"_id": {"$in": [*wanted]}}, [("_id", 1)], len(wanted))
            there = {row["_id"]: row for row in rows_there}
            found += [flaw for id_, hash_ in wanted.items() if (flaw := _of_row(id_, hash_, there.get(id_), hash_of))]
            count += len(wanted)
    return Verified(0, count, tuple(found))


def _of_row(
    id_: str, hash_: str, row: Mapping[str, Any] | None, hash_of: Callable[[Mapping[str, Any]], str]
) -> Broken | None:
    subject, _, number = id_.rpartition("|")
    if row is None:
        return Broken(subject, int(number), "missing")
    if row["hash"] != hash_of(row):
        return Broken(subject, int(number), "altered")
    return None if row["hash"] == hash_ else Broken(subject, int(number), "rewritten")
