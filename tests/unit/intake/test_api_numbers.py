"""An EHR whose entry in the register names number systems places orders under these alone, by either door."""

from typing import Any

import pytest

from services.intake.domain import may_place_under
from services.intake.domain.order import Identifier
from shared.identity import Role
from tests.support.callers import client_of
from tests.unit.intake.invented import ORDER, Document, as_bytes, bundle, own, resources
from tests.unit.intake.running import Running

ITS_OWN, SERVER = "urn:example:demo:orders", "https://ehr.example/ServiceRequest"
BOUND, FREE = "bound-ehr", "main-ehr"


async def send(intake: Running, path: str, document: object, party: str = BOUND) -> Any:
    """Send it as a program of this EHR."""
    async with client_of(intake.app, **intake.issuer.headers(Role.EHR, party=party)) as ehr:
        return await ehr.post(path, content=as_bytes(document), headers={"Content-Type": "application/json"})


def numbered(system: str | None, type_: str = "transaction", **order: Any) -> Document:
    """The invented Bundle under a number of this system, or under none."""
    return bundle(type_=type_, identifier=[{"system": system, "value": "ORD-1"}] if system else None, **order)


class TestRule:
    @pytest.mark.parametrize("space", ["", "filler|", "server|", "task|", "message|"])
    def test_lets_its_own_systems_through(self, space: str) -> None:
        """Whatever kind of name the order goes by."""
        assert may_place_under(Identifier(system=f"{space}urn:a", value="1"), ("urn:a", "urn:b"))

    @pytest.mark.parametrize("system", ["urn:c", "filler|urn:c", "urn:c|urn:a", "another|urn:a", "urn:a|", ""])
    def test_lets_no_other_through(self, system: str) -> None:
        """A system that ends in one of its own is another."""
        assert not may_place_under(Identifier(system=system, value="1"), ("urn:a", "urn:b"))

    def test_lets_all_through_without_a_list(self) -> None:
        """The register says nothing of its numbers."""
        assert may_place_under(Identifier(system="urn:c", value="1"), ())


class TestOwnDoor:
    async def test_takes_its_own_number(self, intake: Running) -> None:
        """The system is on its list."""
        assert 202 == (await send(intake, "/v1/referrals", own(source_system=ITS_OWN))).status_code

    async def test_refuses_any_other(self, intake: Running) -> None:
        """403, at its place, with what to do; nothing is taken in."""
        answer = await send(intake, "/v1/referrals", own())

        assert (403, "number_system") == (answer.status_code, answer.json()["code"])
        assert "/source_system" == answer.json()["errors"][0]["pointer"]
        assert "register of parties" in answer.json()["detail"]
        assert not intake.world.disk.documents("referrals")

    async def test_takes_any_from_an_ehr_without_a_list(self, intake: Running) -> None:
        """Nothing changed for it."""
        assert 202 == (await send(intake, "/v1/referrals", own(), FREE)).status_code

    async def test_takes_any_from_people(self, intake: Running) -> None:
        """A coordinator writes down what came by fax."""
        async with intake.client(Role.COORDINATOR) as person:
            answer = await person.post("/v1/referrals", json=own())

        assert 202 == answer.status_code


class TestFhirDoor:
    @pytest.mark.parametrize("system", [ITS_OWN, SERVER])
    async def test_takes_its_own_number(self, intake: Running, system: str) -> None:
        """Also one that it has given out as a server."""
        assert 202 == (await send(intake, "/fhir/R4", numbered(system))).status_code

    async def test_takes_what_its_own_server_names(self, intake: Running) -> None:
        """An order without a number goes by its server's id."""
        found = resources()
        order = {name: value for name, value in found.pop(ORDER).items() if name != "identifier"}
        found["https://ehr.example/ServiceRequest/7"] = order
        entries = [{"fullUrl": url, "resource": resource} for url, resource in found.items()]

        answer = await send(intake, "/fhir/R4", {"resourceType": "Bundle", "type": "collection", "entry": entries})
        assert 202 == answer.status_code

    @pytest.mark.parametrize("status", ["active", "revoked", "on-hold"])
    async def test_refuses_any_other(self, intake: Running, status: str) -> None:
        """As FHIR has it, at its place, with what to do: neither placed, nor taken back, nor held."""
        await send(intake, "/fhir/R4", numbered("urn:example:another"), FREE)
        answer = await send(intake, "/fhir/R4", numbered("urn:example:another", status=status))

        [issue] = answer.json()["issue"]
        assert (403, "OperationOutcome") == (answer.status_code, answer.json()["resourceType"])
        assert ("forbidden", "number_system") == (issue["code"], issue["details"]["text"])
        assert ["Bundle.entry[0].resource.identifier"] == issue["expression"]
        assert "register of parties" in issue["diagnostics"]

    async def test_takes_any_from_an_ehr_without_a_list(self, intake: Running) -> None:
        """Nothing changed for it."""
        assert 202 == (await send(intake, "/fhir/R4", numbered("urn:example:another"), FREE)).status_code

    @pytest.mark.parametrize(("kind", "status"), [("transaction", 403), ("batch", 202)])
    async def test_refuses_a_transaction_whole_and_of_a_batch_an_entry(
        self, intake: Running, kind: str, status: int
    ) -> None:
        """Another's number beside its own: what can be known before anything is taken in is said before."""
        document = numbered(ITS_OWN, kind)
        [order] = [each for each in document["entry"] if each["fullUrl"] == ORDER]
        other = {**order["resource"], "identifier": [{"system": "urn:example:another", "value": "2"}]}
        document["entry"].append({"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000009", "resource": other})
        answer = await send(intake, "/fhir/R4", document)

        assert answer.status_code == status
        assert len(intake.world.disk.documents("referrals")) == (kind == "batch")
        if kind == "batch":
            assert "403 Forbidden" == answer.json()["entry"][-1]["response"]["status"]
