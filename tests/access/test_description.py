"""What the five services say of themselves at /openapi.json is what they do: headers, answers, refusals."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.identity import Role
from tests.access.conftest import SERVICES
from tests.access.probing import probe, roles_of, routes
from tests.support.five_services.running import FiveServices

NO_CONTENT = ("204", "303")
FHIR, PROBLEM = "application/fhir+json", "application/problem+json"


async def described(house: FiveServices, service: str) -> dict[str, Any]:
    """The service's own description."""
    answer = await house.ask(service, "GET", "/openapi.json", Role.OPERATOR)
    found: dict[str, Any] = answer.json()
    return found


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each operation by its method and path."""
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield f"{method.upper()} {path}", operation


def is_typed(schema: Mapping[str, Any]) -> bool:
    """Whether it says what there is to read: a model, its members, or that it is text."""
    return bool(schema.keys() & {"$ref", "properties", "anyOf", "oneOf", "items"}) or "string" == schema.get("type")


def required(operation: Mapping[str, Any]) -> set[str]:
    """The headers without which it refuses."""
    parameters = operation.get("parameters", ())
    return {each["name"] for each in parameters if each["in"] == "header" and each["required"]}


@pytest.mark.parametrize("service", SERVICES)
class TestDescription:
    async def test_types_every_answer(self, house: FiveServices, service: str) -> None:
        """A client that is generated from it has something to hold."""
        document = await described(house, service)
        untyped = {
            (name, status, kind)
            for name, operation in operations(document)
            for status, answer in operation["responses"].items()
            if status not in NO_CONTENT
            for kind, content in (answer.get("content") or {"nothing": {}}).items()
            if not is_typed(content.get("schema", {}))
        }
        assert set() == untyped

    async def test_says_refusals_in_the_form_of_their_door(self, house: FiveServices, service: str) -> None:
        """OperationOutcome below /fhir, problem+json elsewhere, and when to come again."""
        document = await described(house, service)
        for name, operation in operations(document):
            form = FHIR if "/fhir/" in name else PROBLEM
            for status in ("429", "503", "default"):
                assert [form] == list(operation["responses"][status]["content"]), name
            assert {"Retry-After"} == operation["responses"]["429"]["headers"].keys()

    async def test_says_which_headers_are_required(self, house: FiveServices, service: str) -> None:
        """A write whose key is required says so, and one that says so refuses a request without it."""
        said = {name: required(operation) for name, operation in operations(await described(house, service))}
        for route in routes(house):
            if route.service == service and route.method == "POST" and route.name in said:
                [role, *_] = sorted(roles_of(house, route) - {Role.PATIENT})
                answer = await probe(house, route, "demo-" + "z" * 26, role, headers={"Idempotency-Key": ""})
                is_refused = 400 == answer.status_code and "idempotency_key" == answer.json()["code"]
                assert is_refused == ("Idempotency-Key" in said[route.name]), route.name
