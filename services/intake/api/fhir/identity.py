"""Which order this is, and whose record: the numbers by which the referring side knows them.

An order is known by its placer's number, whichever stands first (R4 servicerequest-definitions.html: "the identifier.
type element is used to distinguish between the identifiers assigned by the orderer (known as the 'Placer') and the
producer"), else by its filler's, its server's id, a Task's or the message's: each in a name space of its own, so that
an equal number of another kind is another number. All others are aliases.
A medical record number is what says so (HL7 table 0203: MR; PI where there is no MR), and never a number that the state
or a payer gave out (SS, MC, MA, DL, PPN and their systems).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api.fhir.identifier_types import rank_of_use, types_of, usable, words_of
from services.intake.api.fhir.nodes import Node
from services.intake.api.fhir.periods import is_in_force
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.references import Pointing, root_of
from services.intake.domain.order import Identifier

_FILLER, _SERVER, _TASK, _MESSAGE = "filler|", "server|", "task|", "message|"
"""Name spaces: no system of identifiers has a bar in it, since it is a URI."""
_RECORD_TYPES: Final = ("MR", "MRT", "PI")
_RECORD_WORDS: Final = re.compile(r"medical record|patient record|\bmrn?\b|hospital number|unit number")
_DENIED_WORDS: Final = re.compile(
    r"social security|\bssn?\b|medicare|medicaid|\bmbi\b|passport|licen[cs]e|insur|member|subscriber|\btax\b"
)
_DENIED_SYSTEM: Final = re.compile(
    r"""ssn|social-?security|/sid/us-(mbi|medicare|medicaid)|\bmbi\b|hicn|passport|licen[cs]e
    |2\.16\.840\.1\.113883\.4\.(1|572|290|927)$|2\.16\.840\.1\.113883\.4\.(3|330)(\.|$)""",
    re.VERBOSE | re.IGNORECASE,
)
"""SSN, MBI, the Medicare numbers before it, ITIN; driver's licences by state, passports by country (HL7's OIDs)."""
_DENIED_FORM: Final = re.compile(
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9]-?"
    r"[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}"
)
"""As a social security number is written, and as CMS forms an MBI: of what does not say what it is."""
_UNTYPED: Final = len(_RECORD_TYPES)


@dataclass(frozen=True)
class _Number:
    """A candidate, and what comes before what. Where all else is equal the text decides, not the order of a list."""

    n: int
    identifier: Identifier
    kind: int
    is_old: bool
    use: int

    @property
    def rank(self) -> tuple[int, bool, int, str, str]:
        """Of an order: whose number it is says more than whether it is in use."""
        return self.kind, self.is_old, self.use, self.identifier.system, self.identifier.value

    @property
    def rank_of_record(self) -> tuple[bool, bool, int, int, str, str]:
        """Of a record: the one in use, of whatever type; what does not say what it is comes last."""
        return self.kind == _UNTYPED, self.is_old, *self.rank[:1], *self.rank[2:]


def order_number_of(reading: Reading, request: Placed) -> tuple[Identifier | None, tuple[Identifier, ...]]:
    """The number of an order, and all others by which it is known as well. Refuses an order without any."""
    typed = sorted(_of_order(reading, request), key=lambda number: number.rank)
    names = dict.fromkeys([*(number.identifier for number in typed), *_borrowed(reading, request)])
    if not names:
        detail = "needs the order's number, with its system; or a full URL at a server, or a Task or message with an id"
        reading.refuse(f"{request.pointer}/identifier", "missing", detail)
        return None, ()
    if not typed:
        detail = "has no number with a system: the order is known by an id alone, which must stay the same"
        reading.warn(f"{request.pointer}/identifier", "order_number", detail)
    number, *aliases = names
    return number, tuple(aliases)


def requisition_of(request: Placed) -> Identifier | None:
    """The number that orders which were written together share (R4 servicerequest.html, requisition)."""
    shared = request.resource.requisition
    is_named = shared and shared.system and shared.value
    return Identifier(system=shared.system.strip(), value=shared.value.strip()) if is_named else None


def replaced_by(reading: Reading, request: Placed) -> tuple[Identifier, ...]:
    """The orders that this one takes the place of, by every name that a reference gives them."""
    found: dict[Identifier, None] = {}
    for n, reference in enumerate(request.resource.replaces or ()):
        names = dict.fromkeys(_replaced(reading, request, reference, n)) if reference else {}
        if not names:
            detail = "names an order by no number and no server's id: say which order it replaces"
            reading.warn(f"{request.pointer}/replaces/{n}", "replaces", detail)
        found |= names
    return tuple(found)


def record_number_of(reading: Reading, patient: Placed) -> Identifier | None:
    """The patient's medical record number. Refuses a patient without any, and several of which none says so."""
    found = sorted(_of_record(reading, patient), key=lambda number: number.rank_of_record)
    at = f"{patient.pointer}/identifier"
    if not found:
        detail = "needs a medical record number (type MR), with its system; no other number stands in for it"
        reading.refuse(at, "missing", detail)
        return None
    first = found[0]
    if first.kind == _UNTYPED:
        alike = {number.identifier for number in found if (number.kind, number.is_old) == (_UNTYPED, first.is_old)}
        if len(alike) > 1:
            detail = "holds several numbers, none of which says that it is the medical record number (type MR)"
            reading.refuse(at, "record_number", detail)
            return None
        reading.warn(f"{at}/{first.n}/type", "record_number", "does not say what it is: taken as medical record number")
    elif first.is_old:
        reading.warn(f"{at}/{first.n}", "record_number", "is no longer in use, and there is no other")
    return first.identifier


def _of_order(reading: Reading, request: Placed) -> Iterator[_Number]:
    """The order's own: the placer's, then what does not say whose it is, then the filler's; no other types."""
    for n, each in usable(request.resource.identifier):
        types, words = types_of(each), words_of(each)
        if "PLAC" in types or "placer" in words:
            yield _number(reading, n, each, 0)
        elif "FILL" in types or "filler" in words:
            yield _number(reading, n, each, 2, _FILLER)
        elif not types:
            yield _number(reading, n, each, 1)


def _replaced(reading: Reading, request: Placed, reference: Any, n: int) -> Iterator[Identifier]:
    named = reference.identifier
    if named and named.system and named.value:
        space = _FILLER if "FILL" in types_of(named) else ""
        yield Identifier(system=space + named.system.strip(), value=named.value.strip())
    if placed := reading.resolve(reference, request, f"replaces/{n}", "ServiceRequest"):
        yield from (number.identifier for number in _of_order(reading, placed))
        yield from _at_server(placed.node, _SERVER)
    elif reference.reference:
        url = reference.reference.partition("/_history/")[0]
        absolute = url if ":" in url else f"{root_of(request.node) or ''}{url}"
        yield from _at_server(Node({"resourceType": "ServiceRequest"}, "", absolute), _SERVER)


def _of_record(reading: Reading, patient: Placed) -> Iterator[_Number]:
    for n, each in usable(patient.resource.identifier):
        types, words = types_of(each), words_of(each)
        if _DENIED_SYSTEM.search(each.system):
            continue
        kinds = [_RECORD_TYPES.index(type_) for type_ in types if type_ in _RECORD_TYPES]
        if kinds:
            yield _number(reading, n, each, min(kinds))
        elif types or _DENIED_WORDS.search(words):
            continue
        elif _RECORD_WORDS.search(words):
            yield _number(reading, n, each, 0)
        elif not _DENIED_FORM.fullmatch(each.value.strip()):
            yield _number(reading, n, each, _UNTYPED)


def _number(reading: Reading, n: int, identifier: Any, kind: int, space: str = "") -> _Number:
    is_old = identifier.use == "old" or not is_in_force(identifier.period, reading.now, reading.home_zone)
    named = Identifier(system=space + identifier.system.strip(), value=identifier.value.strip())
    return _Number(n, named, kind, is_old, rank_of_use(identifier.use))


def _borrowed(reading: Reading, request: Placed) -> Iterator[Identifier]:
    """The name of an order without a number: its server's id, else that of a Task about it, else the message's."""
    yield from _at_server(request.node, _SERVER)
    for node in reading.shelf.nodes:
        if node.type == "Task" and _is_about(reading, node, request):
            named = sorted((system, value) for system, value in node.identifiers() if system)
            yield from (Identifier(system=_TASK + system, value=value) for system, value in named)
            yield from _at_server(node, _TASK)
    header = next((node for node in reading.shelf.nodes if node.type == "MessageHeader"), None)
    if header and header.id:
        source = header.raw.get("source")
        endpoint = source.get("endpoint") if isinstance(source, dict) else None
        if isinstance(endpoint, str) and endpoint:
            # A message may carry several orders.
            yield Identifier(system=_MESSAGE + endpoint, value=f"{header.id}/{request.node.id or ''}")


def _at_server(node: Node, space: str) -> Iterator[Identifier]:
    """Its logical id there, which its full URL says where the resource does not."""
    root = root_of(node)
    if root and not node.container:
        yield Identifier(system=f"{space}{root}{node.type}", value=node.id or _last_part(node))


def _last_part(node: Node) -> str:
    return (node.full_url or "").partition("/_history/")[0].rpartition("/")[2]


def _is_about(reading: Reading, node: Node, request: Placed) -> bool:
    """Whether a Task's focus is the order. Reads names only, so a flaw elsewhere in the Task does not matter."""
    focus = node.raw.get("focus")
    literal = focus.get("reference") if isinstance(focus, dict) else None
    if not isinstance(literal, str):
        return False
    return request.node in reading.shelf.index.find(Pointing(literal), node)
