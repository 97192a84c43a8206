"""One order being read: resources by the references that name them, and what is found odd or wrong on the way.

Every rule takes a `Reading` and the resource that it is about. What cannot be taken is refused, what is odd or left
out is warned of, each at its place; no rule raises. There is no clock and no network: `now` is handed in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.intake.api.fhir.nodes import Node, validated
from services.intake.api.fhir.references import Index, pointing_of, same
from shared.web import Flaw

MOST_READ: Final = 500
"""Resources of one Bundle that are read. More would keep all others waiting while they are validated."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A resource that was read: as a model of `fhir.resources` without what it contains, and where it stands."""

    resource: Any
    node: Node

    @property
    def pointer(self) -> str:
        """Its place: `/Bundle/entry/2/resource`, or `…/contained/0` below it."""
        return self.node.pointer

    @property
    def full_url(self) -> str | None:
        """Of the entry that it stands in."""
        return self.node.full_url

    @property
    def type(self) -> str:
        """Its resourceType."""
        return self.node.type


@dataclass
class Shelf:
    """The resources of one Bundle. Each is validated when it is first read, and once."""

    nodes: Sequence[Node]
    index: Index = field(init=False)
    _read: dict[str, tuple[Placed | None, tuple[Flaw, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know what every reference may mean."""
        self.index = Index(self.nodes)

    @property
    def is_full(self) -> bool:
        """Whether more was read than an order can need."""
        return len(self._read) >= MOST_READ

    def read(self, node: Node) -> tuple[Placed | None, tuple[Flaw, ...]]:
        """The resource, or why it cannot be read."""
        if node.pointer not in self._read:
            resource, flaws = validated(node)
            self._read[node.pointer] = (None if resource is None else Placed(resource, node)), flaws
        return self._read[node.pointer]

    def unread(self) -> Iterator[Node]:
        """The resources that were not read: whole entries, and contained resources of those that were."""
        for node in self.nodes:
            if node.pointer not in self._read:
                yield node
            else:
                yield from (inner for inner in node.contained() if inner.pointer not in self._read)


@dataclass
class Reading:
    """One order of a Bundle, with its findings. `now` is an instant, `home_zone` where a day begins that has no zone.

    `warnings` is what is odd and does no harm, `flaws` what cannot be taken.
    """

    shelf: Shelf
    now: datetime
    home_zone: str
    warnings: list[Flaw] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def resolve(self, reference: Any, referrer: Placed, element: str, *types: str) -> Placed | None:
        """The resource that a Reference means, if it is here and of one of these types; without types, of any.

        `element` is where the Reference stands in the referrer: `subject`, `reasonReference/0`. What is ambiguous, or
        is no valid resource, is refused.
        """
        if reference is None:
            return None
        found = self.shelf.index.find(pointing_of(reference), referrer.node)
        found = [node for node in found if not types or node.type in types]
        if len(found) > 1:
            self.refuse(f"{referrer.pointer}/{element}", "ambiguous", "can mean more than one resource of the Bundle")
        return self.read(found[0]) if len(found) == 1 else None

    def read(self, node: Node) -> Placed | None:
        """A validated resource. Refuses an invalid one."""
        if self.shelf.is_full:
            self.refuse("/Bundle/entry", "too_many", f"makes more than {MOST_READ} resources matter to one order")
            return None
        placed, flaws = self.shelf.read(node)
        for flaw in flaws:
            self.refuse(flaw.pointer, flaw.code, flaw.detail)
        return placed

    def all_of(self, type_: str) -> Iterator[Placed]:
        """Every entry of a type, in the Bundle's order. Validates each: for what is few.

        Nothing names them, so one that cannot be read is left out, and warned of.
        """
        for node in self.shelf.nodes:
            if node.type != type_:
                continue
            flaws = () if self.shelf.is_full else self.shelf.read(node)[1]
            for flaw in flaws:
                self.warn(flaw.pointer, flaw.code, f"{flaw.detail}; the resource is left out")
            if not flaws and (placed := self.read(node)):
                yield placed

    def all_inside(self, placed: Placed, type_: str) -> Iterator[Placed]:
        """Every resource of a type that a resource contains."""
        for node in placed.node.root.contained():
            if node.type == type_ and (found := self.read(node)):
                yield found

    def is_same(self, one: Placed | None, other: Placed | None) -> bool:
        """Whether both are one resource, perhaps in two versions."""
        return one is not None and other is not None and same(one.node, other.node)

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        """Note what cannot be taken: `detail` is a sentence's end, and never says what stood there."""
        _note(self.flaws, Flaw(pointer, code, detail))

    def warn(self, pointer: str, code: str, detail: str) -> None:
        """Warn of something odd or omitted."""
        _note(self.warnings, Flaw(pointer, code, detail))


def _note(findings: list[Flaw], flaw: Flaw) -> None:
    """Add it once: several rules may find the same flaw."""
    if flaw not in findings:
        findings.append(flaw)
