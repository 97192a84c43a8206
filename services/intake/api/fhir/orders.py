"""Which ServiceRequests of a Bundle ask for something: the others are history, or serve one that does.

Sources: R4 request.html (status, basedOn), messaging.html (focus), bundle.html#searchset (modes). What is left out is
warned of: whoever sent it may have meant otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.intake.api.fhir.nodes import Node
from services.intake.api.fhir.references import Index, Pointing
from shared.web import Flaw

_NOT_MATCHED: Final = frozenset({"include", "outcome"})
_SAY_SOMETHING: Final = frozenset({"active", "on-hold", "revoked", "entered-in-error"})
"""Statuses that ask for something where another order stands beside; the others are history, or not yet decided."""
_SERVED_BY: Final = ("supportingInfo", "reasonReference")


def orders_among(
    entries: Sequence[Mapping[str, Any]], nodes: Sequence[Node], index: Index
) -> tuple[tuple[Node, ...], tuple[Flaw, ...]]:
    """The orders of a Bundle in their place, and what is left out beside them."""
    requests = [node for node in nodes if node.type == "ServiceRequest"]
    focus, serving = _focus(nodes, index), list(_serving(requests, index))
    kept: list[Node] = []
    left_out: list[Flaw] = []
    for node in requests:
        reason = _reason(node, entries, focus, serving, is_alone=len(requests) == 1)
        if reason:
            left_out.append(Flaw(node.pointer, "left_out", reason))
        else:
            kept.append(node)
    return tuple(kept), tuple(left_out)


def _reason(
    node: Node, entries: Sequence[Mapping[str, Any]], focus: Sequence[Node], serving: Sequence[Node], *, is_alone: bool
) -> str | None:
    """The reason why a ServiceRequest asks for nothing."""
    if _mode(entries, node) in _NOT_MATCHED:
        return "came along with what was searched for, and is not taken as an order"
    if is_alone:
        return None
    if focus and node not in focus:
        return "is not what the message is about, and is not taken as an order"
    if node.raw.get("status") not in _SAY_SOMETHING:
        return "stands beside another order and is not active; it is not taken as one"
    return "serves another order as information, and is not taken as one" if node in serving else None


def _mode(entries: Sequence[Mapping[str, Any]], node: Node) -> Any:
    search = entries[int(node.pointer.split("/")[3])].get("search")
    return search.get("mode") if isinstance(search, dict) else None


def _focus(nodes: Sequence[Node], index: Index) -> list[Node]:
    """The ServiceRequests that a message says it is about."""
    header = next((node for node in nodes[:1] if node.type == "MessageHeader"), None)
    return [node for node in _meant(header, ("focus",), index) if node.type == "ServiceRequest"] if header else []


def _serving(requests: Sequence[Node], index: Index) -> Iterator[Node]:
    for request in requests:
        yield from (node for node in _meant(request, _SERVED_BY, index) if node is not request)


def _meant(node: Node, elements: Sequence[str], index: Index) -> Iterator[Node]:
    """The targets of the literal references in these elements, read before anything is validated."""
    for element in elements:
        references = node.raw.get(element)
        for reference in references if isinstance(references, list) else ():
            literal = reference.get("reference") if isinstance(reference, dict) else None
            if isinstance(literal, str):
                yield from index.find(Pointing(literal), node)
