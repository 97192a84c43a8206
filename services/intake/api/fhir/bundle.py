"""A FHIR Bundle as it comes in: parsed once, its one ServiceRequest found, its references resolved.

Refusals say where in the Bundle, by element names that FHIR knows, and never what stood there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.web import Flaw, Malformed

_TYPES: Final = frozenset({"collection", "transaction", "message"})
_MOST_FLAWS: Final = 50
_READ: Final = (
    *("Bundle", "BundleEntry", "Condition", "Coverage", "CoverageClass", "DocumentReference"),
    *("DocumentReferenceContent", "Organization", "Patient", "PatientCommunication", "Practitioner"),
    *("PractitionerRole", "ServiceRequest", "Address", "Annotation", "Attachment", "CodeableConcept", "Coding"),
    *("ContactPoint", "HumanName", "Identifier", "Period", "Reference"),
)
ELEMENTS: Final = frozenset(
    info.alias or name for model in _READ for name, info in get_fhir_model_class(model).model_fields.items()
)
"""The only names that a pointer may hold: any other could be data."""


@dataclass(frozen=True)
class Placed:
    """A resource, and where it stands."""

    resource: Any
    pointer: str


@dataclass
class Opened:
    """A Bundle with its order. `warnings` collects what is odd and does no harm, `flaws` what cannot be taken."""

    bundle: Any
    request: Placed
    warnings: list[Flaw] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    _by_reference: dict[str, Placed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know every resource by what a reference may call it: its full URL, its type and id, or its place inside."""
        for placed, full_url in _resources(self.bundle):
            if full_url:
                self._by_reference.setdefault(full_url, placed)
            self._by_reference.setdefault(f"{placed.resource.get_resource_type()}/{placed.resource.id}", placed)
        for n, contained in enumerate(self.request.resource.contained or ()):
            placed = Placed(contained, f"{self.request.pointer}/contained/{n}")
            self._by_reference.setdefault(f"#{contained.id}", placed)

    def find(self, reference: Any, *types: str) -> Placed | None:
        """The resource that a Reference means, if it is here and of one of these types."""
        placed = self._by_reference.get(reference.reference or "") if reference else None
        return placed if placed and placed.resource.get_resource_type() in types else None

    def all_of(self, type_: str) -> Iterator[Placed]:
        """Every resource of a type, in the Bundle's order."""
        return (placed for placed, _ in _resources(self.bundle) if placed.resource.get_resource_type() == type_)

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        """Note what cannot be taken."""
        self.flaws.append(Flaw(pointer, code, detail))

    def warn(self, pointer: str, code: str, detail: str) -> None:
        """Note what is odd."""
        self.warnings.append(Flaw(pointer, code, detail))


def open_bundle(raw: bytes) -> Opened:
    """Parse a Bundle and find its order. Raises Malformed when it is none, or has not exactly one."""
    bundle = _parsed(raw)
    if bundle.type not in _TYPES:
        raise _refusal("bundle_type", Flaw("/Bundle/type", "bundle_type", "must be collection, transaction or message"))
    requests = [placed for placed, _ in _resources(bundle) if placed.resource.get_resource_type() == "ServiceRequest"]
    if len(requests) != 1:
        raise _refusal(
            "one_service_request", Flaw("/Bundle/entry", "one_service_request", "must hold one ServiceRequest")
        )
    return Opened(bundle, requests[0])


def _resources(bundle: Any) -> Iterator[tuple[Placed, str | None]]:
    for n, entry in enumerate(bundle.entry or ()):
        if entry.resource is not None:
            yield Placed(entry.resource, f"/Bundle/entry/{n}/resource"), entry.fullUrl


def _parsed(raw: bytes) -> Any:
    try:
        return Bundle.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        # The models look a resource's class up by what `resourceType` says, and stumble over what is none.
        flaw = Flaw("/Bundle", "not_fhir", "holds something that is no resource of FHIR R4B")
        raise _refusal("not_fhir", flaw) from None


def _invalid(details: Sequence[ErrorDetails]) -> Malformed:
    if any(detail["type"] == "json_invalid" and not detail["loc"] for detail in details):
        return Malformed(400, "not_json", "The body is not JSON in UTF-8.")
    return _refusal("invalid", *(_flaw(detail) for detail in details[:_MOST_FLAWS]))


def _refusal(code: str, *flaws: Flaw) -> Malformed:
    return Malformed(422, code, "The Bundle cannot be taken in.", flaws)


def _flaw(detail: ErrorDetails) -> Flaw:
    is_missing = detail["type"].endswith("missing")
    text = "is required" if is_missing else "is not as FHIR R4B has it"
    return Flaw(_pointer(detail["loc"]), "missing" if is_missing else "fhir", text)


def _pointer(loc: Sequence[int | str]) -> str:
    steps = ["Bundle"]
    for step in loc:
        if isinstance(step, str) and step not in ELEMENTS:
            break
        steps.append(str(step))
    return "".join(f"/{step}" for step in steps)
