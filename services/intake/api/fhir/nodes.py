"""Resources as they stand in what came in: parsed, and validated one by one when somebody reads them.

What nobody reads is not validated: a flaw in it, or a type that FHIR R4B dropped, does no harm. What is contained in a
resource is read by itself. Refusals say where, by element names that FHIR knows, and never what stood there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.intake.api.fhir.nonsense import faults_of
from shared.web import Flaw

READ: Final = (
    *("ServiceRequest", "Patient", "Practitioner", "PractitionerRole", "Organization", "Condition", "Coverage"),
    *("DocumentReference", "RelatedPerson", "Location", "Task", "MessageHeader"),
)
"""The types of resources that intake reads; all others stay with the referring side."""
_PARTS: Final = (
    *("Bundle", "BundleEntry", "BundleEntryRequest", "CoverageClass", "DocumentReferenceContent"),
    *("PatientCommunication", "PatientContact", "PatientLink", "MessageHeaderSource", "MessageHeaderResponse"),
    *("Address", "Annotation", "Attachment", "CodeableConcept", "Coding", "ContactPoint", "Extension", "HumanName"),
    *("Identifier", "Meta", "Period", "Quantity", "Range", "Ratio", "Reference", "Timing", "TimingRepeat"),
)


def elements_of(model: str) -> frozenset[str]:
    """The names of the elements that FHIR R4B gives to a resource or a part of one."""
    return frozenset(info.alias or name for name, info in get_fhir_model_class(model).model_fields.items())


ELEMENTS: Final = frozenset[str]().union(*(elements_of(model) for model in (*READ, *_PARTS)))
"""The only names that a pointer may hold: any other could be data."""
_BY_LETTERS: Final = {name.casefold(): name for name in sorted(ELEMENTS)}
_BY_ITSELF: Final = frozenset({"contained", "text", "extension"})
"""Not validated with the resource: resources of their own, and what nobody reads: its narrative and its extensions."""
_MOST_FLAWS: Final = 50


@dataclass(frozen=True, eq=False)
class Node:
    """A resource's JSON and its place. `full_url` is of its entry; a contained resource has its container's."""

    raw: Mapping[str, Any]
    pointer: str
    full_url: str | None = None
    container: "Node | None" = None

    @property
    def type(self) -> str:
        """Its resourceType, empty if that is none."""
        return _text(self.raw.get("resourceType")) or ""

    @property
    def id(self) -> str | None:
        """Its logical id."""
        return _text(self.raw.get("id"))

    @property
    def version(self) -> tuple[int, str]:
        """Its meta.versionId in comparable form: numbers as numbers, and a missing one below all others."""
        meta = self.raw.get("meta")
        version = (_text(meta.get("versionId")) if isinstance(meta, Mapping) else None) or ""
        return (int(version), "") if version.isascii() and version.isdigit() else (-1, version)

    @property
    def root(self) -> "Node":
        """The resource of the entry that it stands in: itself, if it is not contained."""
        return self.container.root if self.container else self

    def contained(self) -> Iterator["Node"]:
        """The contained resources. They contain none themselves (R4 references.html#contained, dom-2)."""
        inner = self.raw.get("contained")
        for n, raw in enumerate(inner if isinstance(inner, list) else ()):
            if isinstance(raw, dict):
                yield Node(raw, f"{self.pointer}/contained/{n}", self.full_url, self)

    def identifiers(self) -> Iterator[tuple[str | None, str]]:
        """Its identifiers by system and value."""
        found = self.raw.get("identifier")
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, Mapping) and (value := _text(each.get("value"))):
                yield _text(each.get("system")), value


def validated(node: Node) -> tuple[Any, tuple[Flaw, ...]]:
    """The resource as a model of `fhir.resources` without contained ones; or None, and the reason."""
    faults = faults_of(node.raw, node.pointer, ELEMENTS)
    if faults:
        return None, faults
    bare = {name: value for name, value in node.raw.items() if name not in _BY_ITSELF}
    try:
        # Strict validation reads dates from JSON only, not from Python's strings.
        return get_fhir_model_class(node.type).model_validate_json(json.dumps(bare), strict=True), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return None, tuple(_flaw(detail, node) for detail in details[:_MOST_FLAWS])
    except (KeyError, TypeError, ValueError, AttributeError):
        # The models look classes up by what `resourceType` says, and stumble over what is none.
        return None, (Flaw(node.pointer, "not_fhir", "is no resource of FHIR R4"),)


def _flaw(detail: ErrorDetails, node: Node) -> Flaw:
    kind = detail["type"]
    if kind.endswith("missing"):
        return Flaw(_pointer(detail["loc"], node), "missing", "is required")
    if kind == "extra_forbidden":
        return Flaw(_pointer(detail["loc"][:-1], node), "unknown_element", what_is_unknown(str(detail["loc"][-1])))
    return Flaw(_pointer(detail["loc"], node), "fhir", "is not as FHIR R4 has it")


def what_is_unknown(name: str) -> str:
    """Names an element of FHIR's that stands in the wrong place or is nearly spelt so; others could be data."""
    if name in ELEMENTS:
        return f"holds an element that does not belong there: {name}"
    near = get_close_matches(name.casefold(), _BY_LETTERS, 1, 0.8)
    if not near:
        return "holds an unknown element"
    return f"holds an element that FHIR does not have; {_BY_LETTERS[near[0]]} is near"


def _pointer(loc: Sequence[int | str], node: Node) -> str:
    steps = []
    for step in loc:
        if isinstance(step, str) and step not in ELEMENTS:
            break
        steps.append(str(step))
    return node.pointer + "".join(f"/{step}" for step in steps)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
