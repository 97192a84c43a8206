"""What all routes of a kind do alike: each route of the blueprints is asked, and one that differs is named here."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx2
import pytest

from shared.contracts.envelope import topic_of
from shared.identity import Role
from shared.identity.caller import ROLE_OF_KIND
from shared.ports import Record
from tests.access.conftest import SERVICES, sent
from tests.access.probing import Route, body_of, probe, roles_of, routes
from tests.access.samples import SAMPLES
from tests.support.five_services.keyrings import TENANTS
from tests.support.five_services.running import FiveServices, open_services

Referrals = Mapping[str, tuple[str, str]]
PROGRAMS = frozenset(ROLE_OF_KIND.values())
NEEDS_NO_KEY = {
    "POST /v1/referrals": "the order's number is the key",
    "POST /fhir/R4": "the order's number is the key",
    "POST /v1/referrals/{referral_id}/information": "the request's id and what is supplied are the key",
    "POST /v1/referrals/{referral_id}/reports": "the report's id is the key",
    "POST /v1/referrals/{referral_id}/acknowledgement": "the report's id is the key",
    "POST /v1/payer-callbacks/{payer_id}": "the payer's number of its answer is the key",
    "POST /v1/placements/{referral_id}/answer": "the request's id and the answer are the key",
    "POST /v1/placements/{referral_id}/visit-cancellation": "the visit's id is the key",
    "POST /v1/placements/{referral_id}/outcome": "the visit's id and what became of it are the key",
    "POST /v1/placements/{referral_id}/appointment": "the visit's id is the key",
    "POST /v1/patient-lookup": "it is a question, which no address may hold",
    "POST /v1/parked/replay": "a second time does nothing more",
    "POST /v1/parked/discard": "a second time does nothing more",
}
"""Routes that a retry cannot do twice although it names no key, and why."""
TAKES_NO_VERSION = {
    "POST /v1/referrals": "the order itself says which came later",
    "POST /fhir/R4": "the order itself says which came later",
    "POST /v1/referrals/{referral_id}/information": "what was missing is there, whatever else was told",
    "POST /v1/referrals/{referral_id}/reports": "a report is there, whatever else was told",
    "POST /v1/referrals/{referral_id}/acknowledgement": "it was read, whatever else was told",
    "POST /v1/payer-callbacks/{payer_id}": "the payer's number of its answer says which came later",
    "POST /v1/placements/{referral_id}/answer": "which request of ours is answered is looked up first",
    "POST /v1/patient-lookup": "it is a question, which no address may hold",
    "POST /v1/parked/replay": "what is parked is named by its own sequence",
    "POST /v1/parked/discard": "what is parked is named by its own sequence",
    "POST /v1/worklist/{referral_id}/claim": "who was faster is what it asks",
    "POST /v1/worklist/{referral_id}/release": "whoever has it lets go, whatever else was told",
    "POST /v1/worklist/{referral_id}/note": "what was done stays true in any version",
}
"""Routes that change nothing that a caller could have read in an older version, and why."""
LENIENT = {
    "POST /fhir/R4": "FHIR has more elements than we read",
    "POST /v1/payer-callbacks/{payer_id}": "what a payer adds one day is no reason to lose its answer",
}
"""Routes that take bodies with members that they do not know, and why."""
NOT_A_BODY: Mapping[str, tuple[bytes, str]] = {
    "no JSON": (b'{"a":', "application/json"),
    "a list": (b"[]", "application/json"),
    "a text": (b'"a"', "application/json"),
    "null": (b"null", "application/json"),
    "nothing": (b"", "application/json"),
    "no UTF-8": (b'{"a": "\xff"}', "application/json"),
}
WRONG_KINDS: tuple[Any, ...] = ({"a": "b"}, [["a"]], 3.5, "a" * 5000, "\x00")
UNREADABLE = (400, 413, 415, 422)


def writes(house: FiveServices, service: str) -> list[Route]:
    """Every route of a service that takes JSON and changes something."""
    samples = SAMPLES[service]
    ours = [route for route in routes(house) if route.service == service and route.method != "GET"]
    return [route for route in ours if not samples[route.name].is_form]


def bodied(house: FiveServices, service: str) -> list[Route]:
    """Those of them that want a body."""
    return [route for route in writes(house, service) if body_of(route, "") is not None]


def by_a_person(house: FiveServices, route: Route) -> Role:
    """A role of people that may; of a program, where only programs may."""
    roles = roles_of(house, route)
    return min(roles - PROGRAMS - {Role.PATIENT, Role.SPECIALIST} or roles)


async def ask(house: FiveServices, route: Route, referrals: Referrals, **more: Any) -> httpx2.Response:
    """Ask a route about a referral that is there."""
    return await probe(house, route, referrals["demo"][0], by_a_person(house, route), **more)


def key(name: str) -> dict[str, str]:
    """An Idempotency-Key."""
    return {"Idempotency-Key": name.replace(" ", "-")}


@pytest.mark.parametrize("service", SERVICES)
class TestWrite:
    async def test_is_not_done_without_a_key(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """Whoever gets no answer asks again, and must be able to."""
        keyless = [route for route in writes(house, service) if route.name not in NEEDS_NO_KEY]
        answers = {route.name: await ask(house, route, referrals, headers={"Idempotency-Key": ""}) for route in keyless}

        told = {name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()}
        assert dict.fromkeys(told, (400, "idempotency_key")) == told

    async def test_says_the_same_again_to_the_same_key(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Done or refused: a retry is told what the first was told."""
        wrong = {}
        for route in (route for route in writes(house, service) if route.name not in NEEDS_NO_KEY):
            first, again = [await ask(house, route, referrals, headers=key(f"twice {route.name}")) for _ in range(2)]
            if (first.status_code, first.text) != (again.status_code, again.text):
                wrong[route.name] = (first.text, again.text)

        assert {} == wrong

    async def test_is_not_done_to_what_the_caller_has_not_seen(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """If-Match: another version is 412, and no entity tag is 400."""
        guarded = [route for route in writes(house, service) if route.name not in TAKES_NO_VERSION]
        found = {
            (route.name, tag): (await ask(house, route, referrals, headers={"If-Match": tag})).status_code
            for route, tag in itertools.product(guarded, ('"999999"', "999999"))
        }

        assert {(name, tag): 412 if tag.startswith('"') else 400 for name, tag in found} == found

    async def test_knows_every_member_that_it_takes(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """A member that is misspelt is not silently left out."""
        strict = [route for route in bodied(house, service) if route.name not in LENIENT]
        said = {route: {**body_of(route, referrals["demo"][0]), "unheard_of": 1} for route in strict}
        found = {
            route.name: (await ask(house, route, referrals, json=body)).status_code for route, body in said.items()
        }

        assert dict.fromkeys(found, 422) == found

    @pytest.mark.parametrize("what", NOT_A_BODY)
    async def test_takes_an_object_and_nothing_else(
        self, service: str, what: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Refused as unreadable, before anything is done."""
        content, type_ = NOT_A_BODY[what]
        wrong = {}
        for route in bodied(house, service):
            answer = await ask(house, route, referrals, content=content, headers={"Content-Type": type_})
            if answer.status_code not in UNREADABLE:
                wrong[route.name] = (answer.status_code, answer.text)

        assert {} == wrong

    async def test_takes_json_and_nothing_else(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """A page of another site can send a form or a text without asking; and no JSON."""
        wrong = {}
        for route, type_ in itertools.product(
            bodied(house, service), ("text/plain", "application/x-www-form-urlencoded")
        ):
            content = json.dumps(body_of(route, referrals["demo"][0]))
            answer = await ask(house, route, referrals, content=content, headers={"Content-Type": type_})
            if answer.status_code != 415:
                wrong[route.name, type_] = (answer.status_code, answer.text)

        assert {} == wrong

    async def test_refuses_members_of_another_kind(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Whatever stands in one member: refused, or taken, and never a failure of ours."""
        wrong = {}
        for route in bodied(house, service):
            for name, body in spoiled(body_of(route, referrals["demo"][0])):
                answer = await ask(house, route, referrals, json=body)
                if answer.status_code >= 500:
                    wrong[route.name, name] = (body, answer.text)

        assert {} == wrong


def spoiled(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The body without each of its members, and with something else there."""
    for name in body:
        yield name, {other: value for other, value in body.items() if other != name}
        yield from ((name, {**body, name: kind}) for kind in (*WRONG_KINDS, None))


class TestKey:
    async def test_names_one_request(self, house: FiveServices) -> None:
        """Once a request was done, its key is good for no other; a service of which nothing is done proves nothing."""
        referral_id, done, wrong = await sent(house, "demo", "K-1"), set(), {}
        for service in SERVICES:
            for route in (route for route in writes(house, service) if route.name not in NEEDS_NO_KEY):
                answer = await probe(house, route, referral_id, by_a_person(house, route), headers=key("one"))
                if service in done and "idempotency-mismatch" != answer.json().get("code"):
                    wrong[route.name] = answer.text
                if answer.status_code == 202:
                    done.add(service)

        assert {} == wrong
        assert {"intake", "authorization", "tracking"} <= done


class TestExceptions:
    @pytest.mark.parametrize("listed", [NEEDS_NO_KEY, TAKES_NO_VERSION, LENIENT])
    def test_are_of_routes_that_there_are(self, listed: Mapping[str, str], house: FiveServices) -> None:
        """An exception that outlives its route would cover the next of its name."""
        assert set() == listed.keys() - {route.name for route in routes(house)}


class TestQuery:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_of_any_kind_is_answered(self, service: str, house: FiveServices, referrals: Referrals) -> None:
        """Each parameter of each list with what it does not take: refused in words, and never a failure of ours."""
        wrong = {}
        for route in (route for route in routes(house) if route.service == service and route.method == "GET"):
            described = house.apps[service].openapi()["paths"].get(route.path, {}).get("get", {})
            for named in (each["name"] for each in described.get("parameters", ()) if each["in"] == "query"):
                for value in ("", "x", "-1", "0", "9" * 30, "%00", "%F0%9F%92%A9", "x" * 3000):
                    answer = await ask(house, route, referrals, query=f"?{named}={value}")
                    if answer.status_code not in (200, 400, 422):
                        wrong[route.name, named, value] = answer.text

        assert {} == wrong


class TestParked:
    @pytest.fixture
    async def spoiling(self) -> AsyncIterator[FiveServices]:
        """Services of its own: what is parked in them is nobody else's."""
        async with open_services(lambda _request: httpx2.Response(404)) as found:
            yield found

    async def test_is_listed_for_its_tenant_alone(self, spoiling: FiveServices) -> None:
        """A list names no referral: by every service that consumes something, each tenant sees its own."""
        house = spoiling
        referrals = {tenant: await sent(house, tenant, "A-1") for tenant in TENANTS}
        consuming = {name: plan.consumes for name, plan in house.blueprints.items() if plan.consumes}
        for source, referral_id in itertools.product(set().union(*consuming.values()), referrals.values()):
            await _garble(house, source, referral_id)

        for service in consuming:
            shown = {tenant: await house.until(lambda s=service, t=tenant: _parked(house, s, t)) for tenant in TENANTS}  # type: ignore[misc] # binds
            assert {tenant: {referrals[tenant]} for tenant in TENANTS} == shown, service


async def _garble(house: FiveServices, source: str, referral_id: str) -> None:
    """A record about a referral comes that says nothing of itself."""
    partition = house.world.bus.partition_of(referral_id)
    await house.world.bus.send(topic_of(source), partition, [Record(referral_id.encode(), (), b"{")])


async def _parked(house: FiveServices, service: str, tenant: str) -> set[str]:
    answer = await house.ask(service, "GET", "/v1/parked", Role.OPERATOR, tenant=tenant)
    return {entry["key"] for entry in answer.json()["parked"]}
