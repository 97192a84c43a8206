"""Finds the orders in a request: in a Bundle of any kind that can carry orders, or a ServiceRequest by itself.

Sources: R4 bundle.html (types, entries, search modes), http.html#transaction (methods), messaging.html (the header).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api import numbers
from services.intake.api.fhir.nodes import ELEMENTS, Node, elements_of, what_is_unknown
from services.intake.api.fhir.orders import orders_among
from services.intake.api.fhir.reading import Shelf
from services.intake.api.weight import CODE as TOO_LARGE
from shared.web import Flaw, Malformed
from shared.web.strict_json import parsed

KINDS: Final = ("collection", "transaction", "batch", "message", "searchset")
METHODS: Final = frozenset({"POST", "PUT"})
"""The methods that an entry may ask for. The others would delete, change in part, or only read."""
MOST_ORDERS: Final = 20
_OF_A_BUNDLE, _OF_AN_ENTRY = elements_of("Bundle") | {"resourceType"}, elements_of("BundleEntry")


@dataclass(frozen=True)
class Parcel:
    """The parsed request. `kind` is the Bundle's type, None for a lone ServiceRequest; `entries` counts its entries."""

    kind: str | None
    timestamp: str | None
    entries: int
    shelf: Shelf
    requests: tuple[Node, ...]
    """The ServiceRequests that ask for something, in their order."""
    left_out: tuple[Flaw, ...] = ()
    """Warnings about ServiceRequests that are not orders, beside others that are."""

    @property
    def is_one_act(self) -> bool:
        """Whether all of it is taken, or nothing: a transaction (R4 http.html#transaction)."""
        return self.kind == "transaction"

    def of_type(self, type_: str) -> Iterator[Node]:
        """The entries of one type."""
        return (node for node in self.shelf.nodes if node.type == type_)


def opened(raw: bytes) -> Parcel:
    """Parse the request and find its orders. Raises Malformed when nothing in it can carry an order."""
    document = parsed(raw, ELEMENTS, "/Bundle")
    if isinstance(document, dict) and document.get("resourceType") == "ServiceRequest":
        lone = Node(document, "/ServiceRequest")
        return Parcel(None, None, 1, Shelf((lone,)), (lone,))
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise refusal(Flaw("", "not_a_bundle", "must be a Bundle, or a ServiceRequest with what it refers to inside"))
    return _bundle(document)


def refusal(*flaws: Flaw) -> Malformed:
    """The refusal of the whole request, under the code that all its flaws share, else `invalid`."""
    codes = {flaw.code for flaw in flaws}
    code = codes.pop() if len(codes) == 1 else "invalid"
    return Malformed(status_of(code), code, "The order cannot be taken in.", flaws)


def status_of(code: str) -> int:
    """The HTTP status of a refusal under this code."""
    return {TOO_LARGE: 413, numbers.CODE: numbers.STATUS}.get(code, 422)


def _bundle(document: Mapping[str, Any]) -> Parcel:
    kind, entries = document.get("type"), document.get("entry", [])
    if kind not in KINDS:
        raise refusal(Flaw("/Bundle/type", "bundle_type", f"must be one of {', '.join(KINDS)}"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise refusal(Flaw("/Bundle/entry", "fhir", "must be a list of objects"))
    strangers = _strangers(document, _OF_A_BUNDLE, "/Bundle")
    if flaws := (*strangers, *_modifiers(document, entries), *_entry_flaws(entries)):
        raise refusal(*flaws)
    nodes = tuple(_node(n, entry) for n, entry in enumerate(entries) if "resource" in entry)
    shelf, timestamp = Shelf(nodes), document.get("timestamp")
    requests, left_out = orders_among(entries, nodes, shelf.index)
    if not requests:
        raise refusal(Flaw("/Bundle/entry", "no_service_request", "holds no ServiceRequest that asks for something"))
    if len(requests) > MOST_ORDERS:
        raise refusal(Flaw("/Bundle/entry", "too_many", f"holds more than {MOST_ORDERS} orders"))
    return Parcel(str(kind), timestamp if isinstance(timestamp, str) else None, len(entries), shelf, requests, left_out)


def _node(n: int, entry: Mapping[str, Any]) -> Node:
    full_url = entry.get("fullUrl")
    return Node(entry["resource"], f"/Bundle/entry/{n}/resource", full_url if isinstance(full_url, str) else None)


def _entry_flaws(entries: Sequence[Mapping[str, Any]]) -> Iterator[Flaw]:
    for n, entry in enumerate(entries):
        yield from _strangers(entry, _OF_AN_ENTRY, f"/Bundle/entry/{n}")
        if not isinstance(entry.get("fullUrl", ""), str):
            yield Flaw(f"/Bundle/entry/{n}/fullUrl", "fhir", "is not as FHIR R4 has it")
        request, resource = entry.get("request"), entry.get("resource", {})
        method = request.get("method") if isinstance(request, dict) else "POST"
        if method not in METHODS:
            detail = "asks for something else than taking it in; to withdraw an order, send it as revoked"
            yield Flaw(f"/Bundle/entry/{n}/request/method", "entry_method", detail)
        if not isinstance(resource, dict) or (resource and not isinstance(resource.get("resourceType"), str)):
            yield Flaw(f"/Bundle/entry/{n}/resource", "not_fhir", "is no resource of FHIR R4")


def _strangers(raw: Mapping[str, Any], known: Collection[str], pointer: str) -> Iterator[Flaw]:
    """Unknown names, such as misspelt ones; extended primitives begin with _."""
    for name in raw:
        if name.removeprefix("_") not in known:
            yield Flaw(pointer, "unknown_element", what_is_unknown(name))


def _modifiers(document: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Iterator[Flaw]:
    """The Bundle itself and its entries can be modified, too (R4 resource.html#implicitRules)."""
    detail = "changes what the Bundle means in a way that is not known here"
    if document.get("implicitRules"):
        yield Flaw("/Bundle/implicitRules", "unknown_modifier", detail)
    for n, entry in enumerate(entries):
        if entry.get("modifierExtension"):
            yield Flaw(f"/Bundle/entry/{n}/modifierExtension", "unknown_modifier", detail)
