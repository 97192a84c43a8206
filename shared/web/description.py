"""What a service says of itself at /openapi.json, where FastAPI cannot know it: bodies, required headers, refusals.

Bodies are read as bytes, and headers by rules of their own; both are found among a route's dependencies, so that what
is described is what is enforced. Nothing here decides about a request.
"""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from shared.web.bodies import JsonBody

_FHIR: Final = "/fhir/"
_SCHEMAS: Final = "#/components/schemas/{model}"
_TEXT: Final = {"type": "string"}
_FLAW: Final = {"type": "object", "properties": dict.fromkeys(("pointer", "code", "detail"), _TEXT)}
_PROBLEM_DETAILS: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        **dict.fromkeys(("type", "title", "code", "detail"), _TEXT),
        "status": {"type": "integer"},
        "errors": {"type": "array", "items": _FLAW},
    },
}
_OPERATION_OUTCOME: Final = {
    "type": "object",
    "description": "An OperationOutcome of FHIR R4 (https://hl7.org/fhir/R4/operationoutcome.html).",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["severity", "code"]}},
    },
}
_AS_PROBLEM: Final = {"application/problem+json": {"schema": _PROBLEM_DETAILS}}
_AS_OUTCOME: Final = {"application/fhir+json": {"schema": _OPERATION_OUTCOME}}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}}
_REFUSALS: Final[dict[str, dict[str, Any]]] = {
    "429": {"description": "The client asks for more than its share; nothing was done.", "headers": _RETRY_AFTER},
    "503": {"description": "Nothing was done, or it is not known. Send it again.", "headers": _RETRY_AFTER},
    "default": {"description": "A refusal: a problem (RFC 9457), or an OperationOutcome below /fhir."},
}
_ETAG: Final = {"ETag": {"description": "The version that holds it, for If-Match.", "schema": _TEXT}}
_REPLAYED: Final = {
    "Idempotent-Replayed": {
        "description": "`true` where the same request was answered before; absent otherwise.",
        "schema": {"const": "true"},
    }
}


def describe(app: FastAPI) -> None:
    """Complete the app's OpenAPI document."""

    def openapi() -> dict[str, Any]:
        document = FastAPI.openapi(app)
        for route in iter_route_contexts(app.routes):
            found = document["paths"].get(route.path_format, {})
            for method in route.methods or ():
                if operation := found.get(method.lower()):
                    _complete(document, operation, route)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def _complete(document: dict[str, Any], operation: dict[str, Any], route: RouteContext) -> None:
    dependant: Dependant | None = getattr(route, "dependant", None)
    found = [dependency.call for dependency in _all(dependant)] if dependant else []
    for call in found:
        if isinstance(call, JsonBody):
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": _of(document, call)}},
            }
    required = {getattr(call, "requires", None) for call in found}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header" and parameter["name"] in required:
            parameter.update(required=True, schema=_TEXT)
    form = _AS_OUTCOME if (route.path_format or "").startswith(_FHIR) else _AS_PROBLEM
    operation["responses"] |= {status: {**said, "content": form} for status, said in _REFUSALS.items()}
    if "202" in operation["responses"]:
        operation["responses"]["202"].setdefault("headers", {**_ETAG, **_REPLAYED})


def _of(document: dict[str, Any], body: JsonBody) -> dict[str, Any]:
    schema = dict(body.schema or body.adapter.json_schema(ref_template=_SCHEMAS))
    document.setdefault("components", {}).setdefault("schemas", {}).update(schema.pop("$defs", {}))
    return schema


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from _all(dependency)
