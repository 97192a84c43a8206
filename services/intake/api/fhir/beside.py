"""What came beside an order and nobody reads, held against what FHIR's JSON asks of every element: a flaw is warned of.

Sources: R4 json.html (no empty values, null in lists alone, one JSON type for each element), datatypes.html (dates,
ids), extensibility.html (url, one value), resourcelist.html. It knows no resource by itself: `names.txt` says what may
stand under a name wherever R4B has it. One warning for each resource, and nothing that stood there is said.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from services.intake.api.fhir.nodes import Node
from shared.web import Flaw

CODE: Final = "flawed_beside"
MOST_SAID: Final = 20
MOST_LOOKED_AT: Final = 60_000
"""Members of all resources together, and a twelfth of it of each: what is larger is not looked at to its end."""
_OF_ONE: Final = MOST_LOOKED_AT // 12
_AND_SO: Final = "; nobody reads the resource here"
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "text": (str,),
    "date": (str,),
    "flag": (bool,),
    "number": (int, float),
}
_WORDS: Final[Mapping[type, str]] = {dict: "an object", str: "a text", bool: "true or false", int: "a number"}
_DATE: Final = re.compile(
    r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
    r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_OF_R4_ALONE: Final = frozenset(
    (
        *("EffectEvidenceSynthesis", "RiskEvidenceSynthesis", "MedicinalProduct", "MedicinalProductAuthorization"),
        *("MedicinalProductContraindication", "MedicinalProductIndication", "MedicinalProductIngredient"),
        *("MedicinalProductInteraction", "MedicinalProductManufactured", "MedicinalProductPackaged"),
        *("MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect", "SubstanceNucleicAcid"),
        *("SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial"),
        "SubstanceSpecification",
    )
)
_OTHERWISE_IN_R4B: Final = _OF_R4_ALONE | {"Evidence", "EvidenceVariable"}
"""Of these it is not known what stands under a name in R4."""
_STATUS_IS_A_CONCEPT: Final = frozenset(
    (
        *("ClinicalUseDefinition", "MedicinalProductDefinition", "PackagedProductDefinition", "RegulatedAuthorization"),
        "SubstanceDefinition",
    )
)


def _names() -> dict[str, frozenset[str]]:
    """By name, what may stand there. A type of resources is a name, too, under `resource`."""
    lines = (line.split() for line in Path(__file__).with_name("names.txt").read_text().splitlines())
    return {name: frozenset(kinds.split("|")) for kinds, *names in lines for name in names}


class _May:
    """The JSON types that values under a name may have, and whether a text there is a date."""

    __slots__ = ("is_date", "types", "wanted")

    def __init__(self, *kinds: str) -> None:
        self.types = frozenset(type_ for kind in kinds for type_ in _TYPES[kind])
        self.is_date = kinds == ("date",)
        self.wanted = "must be " + " or ".join(word for type_, word in _WORDS.items() if type_ in self.types)


_NAMES: Final = _names()
_RESOURCES: Final = frozenset(name for name, kinds in _NAMES.items() if "resource" in kinds) | _OF_R4_ALONE
_MAY: Final = {name: _May(*sorted(kinds)) for name, kinds in _NAMES.items() if "resource" not in kinds}
_IN_A_QUANTITY: Final = {"value": _May("number")}
_IN_A_PERIOD: Final = dict.fromkeys(("start", "end"), _May("date"))
_INSIDE: Final[Mapping[str, Mapping[str, _May]]] = {
    **{name: _IN_A_QUANTITY for name in _MAY if name.endswith("Quantity")},
    **dict.fromkeys(("low", "high", "numerator", "denominator"), _IN_A_QUANTITY),
    **{name: _IN_A_PERIOD for name in _MAY if name.endswith("Period")},
    "period": _IN_A_PERIOD,
}
"""What is narrower inside an element of this name."""
_VALUE_X: Final = frozenset(name for name in _MAY if re.fullmatch("value[A-Z].*", name)) - {"valueSet"}
_EXTENSIONS: Final = frozenset({"extension", "modifierExtension"})
_EMPTY: Final = "is empty, which nothing is in FHIR's JSON"
Trail = tuple[Any, int | str] | None
"""Where something stands: the trail to what holds it, and the last step."""
_Fault = tuple[Trail, str]


def flaws_beside(nodes: Iterable[Node]) -> Iterator[Flaw]:
    """The first flaw of each resource, at its place, as far as names on the way may be told."""
    said = looked_at = 0
    for node in nodes:
        fault, members = _looked_through(node)
        looked_at += members
        if said == MOST_SAID or looked_at > MOST_LOOKED_AT:
            yield Flaw("/Bundle/entry", CODE, "holds more that nobody reads here, which was not looked at")
            return
        if fault:
            said += 1
            yield Flaw(node.pointer + _pointer(fault[0]), CODE, f"{fault[1]}{_AND_SO}")


def _looked_through(node: Node) -> tuple[_Fault | None, int]:
    """The first fault, and how many members were looked at."""
    if not node.raw:
        return (None, _EMPTY), 1
    may = {} if node.type in _OTHERWISE_IN_R4B else _MAY
    if may and isinstance(node.raw.get("status"), dict) and node.type not in _STATUS_IS_A_CONCEPT:
        return ((None, "status"), "must be a text"), 1
    waiting: list[tuple[Mapping[str, Any], str, Trail]] = [(node.raw, "", None)]
    members = 0
    while waiting and members < _OF_ONE:
        here, name, trail = waiting.pop()
        members += len(here) + sum(len(value) for value in here.values() if type(value) is list)
        fault = _of_the_object(here, name, trail) or _of_its_members(here, name, trail, may, waiting)
        if fault:
            return fault, members
    return None, members


def _of_the_object(here: Mapping[str, Any], name: str, trail: Trail) -> _Fault | None:
    """Check an object as a whole."""
    type_ = here.get("resourceType")
    if type_ is not None or name == "contained":
        if not isinstance(type_, str) or type_ not in _RESOURCES:
            return (trail, "resourceType"), "must be a type of resources that FHIR R4 has"
        if isinstance(here.get("id", "x"), str) and not _ID.fullmatch(here.get("id", "x")):
            return (trail, "id"), "must be an id as FHIR has it: letters, digits, - and . alone, 64 at most"
    if name in _EXTENSIONS and not isinstance(here.get("url"), str):
        return (trail, "url"), "must be there in an extension, as a text"
    if len(here) > 1 and len(here.keys() & _VALUE_X) > 1:
        return trail, "holds several values where FHIR has one"
    return None


def _of_its_members(
    here: Mapping[str, Any],
    name: str,
    trail: Trail,
    may: Mapping[str, _May],
    waiting: list[tuple[Mapping[str, Any], str, Trail]],
) -> _Fault | None:
    """Check the members of an object; objects among them are queued."""
    inside = _INSIDE.get(name) if may else None
    for member, value in here.items():
        what = (inside and inside.get(member)) or may.get(member)
        if type(value) is not list:
            if detail := _of_a_value(value, what):
                return (trail, member), detail
            if type(value) is dict:
                waiting.append((value, member, (trail, member)))
        elif fault := _of_a_list(value, member, (trail, member), what, waiting):
            return fault
    return None


def _of_a_list(
    values: list[Any],
    member: str,
    trail: Trail,
    what: _May | None,
    waiting: list[tuple[Mapping[str, Any], str, Trail]],
) -> _Fault | None:
    if not values:
        return trail, _EMPTY
    for n, value in enumerate(values[:_OF_ONE]):
        # Beside a primitive without a value stand its extensions, in a list of their own.
        if value is not None and (detail := _of_a_value(value, what)):
            return (trail, n), detail
        if type(value) is dict:
            waiting.append((value, member, (trail, n)))
    return None


def _of_a_value(value: Any, what: _May | None) -> str | None:
    if value is None:
        return "is null, which FHIR's JSON has in lists alone"
    if value == "" or (not value and type(value) in {dict, list}):
        return _EMPTY
    if what and type(value) not in what.types:
        return what.wanted
    if what and what.is_date and not _DATE.fullmatch(value):
        return "must be a date as FHIR writes it"
    return None


def _pointer(trail: Trail) -> str:
    """The steps down to where a name could be data."""
    steps: list[int | str] = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    pointer = ""
    for step in reversed(steps):
        if isinstance(step, str) and step.removeprefix("_") not in _MAY and step != "resourceType":
            break
        pointer += f"/{step}"
    return pointer
