import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.order import ClinicalWithOrigin
from shared.contracts.intake import InformationRequested, ReferralReceived
from shared.contracts.sealed import Contact, CoverageDetails
from shared.identity import Role
from tests.unit.intake.invented import NAMES, PATIENT, as_bytes, bundle, own, resources
from tests.unit.intake.running import Running

JSON = {"Content-Type": "application/json"}
FHIR = {"Content-Type": "application/fhir+json"}


async def send(intake: Running, body: bytes, path: str = "/v1/referrals", **headers: str) -> Any:
    """Send an order as the referring side's system does."""
    async with intake.client(Role.EHR) as ehr:
        return await ehr.post(path, content=body, headers={**JSON, **headers})


class TestOrderInOwnJson:
    async def test_becomes_a_referral(self, intake: Running) -> None:
        """The answer names the referral, and the others hear of it and that nothing is missing."""
        response = await send(intake, as_bytes(own()))

        assert 202 == response.status_code
        assert 1 == response.json()["version"]
        assert '"1"' == response.headers["ETag"]
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")
        (key, received), _ = intake.published()
        assert isinstance(received, ReferralReceived)
        assert response.json()["referral_id"] == key == received.referral_id
        assert ("urgent", "pw-5j3p87") == (received.priority, received.pathway)
        assert ["check_completeness"] == [task.act for task in received.tasks]

    async def test_is_sealed_for_each_audience(self, intake: Running) -> None:
        """What the others may know is in the seals, whole; outside of them is nothing of the patient."""
        await send(intake, as_bytes(own()))
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")

        (referral_id, received), _ = intake.published()
        assert isinstance(received, ReferralReceived)
        seals, about = received.seals, {"purpose": "test", "referral_id": referral_id}
        contact = intake.keyring.open("demo", "contact", seals["contact"], Contact, **about)
        clinical = intake.keyring.open("demo", "clinical", seals["clinical"], ClinicalWithOrigin, **about)
        coverage = intake.keyring.open("demo", "coverage", seals["coverage"], CoverageDetails, **about)
        assert ("Quillfeather", "+16175550101") == (contact.family, contact.phone)
        assert ("I48.91", "ORD-4001", "MRN-7001") == (
            clinical.diagnoses[0].code,
            clinical.order.value,
            clinical.mrn.value,
        )
        assert ["INV00000001"] == [policy.member_id for policy in coverage.policies]
        assert [] == [name for name in NAMES if name.encode() in intake.spilt()]

    async def test_says_by_reference_who_ordered_and_by_which_plan(self, intake: Running) -> None:
        """The same clinician, practice and plan have the same references, whose order it may be; nobody learns more."""
        asking = {"npi": "1234567893", "organization": "Sample  Heart Clinic"}
        plan = {"payer_name": "Testshield Mutual", "member_id": "INV00000001", "plan": "Gold"}
        first = own(requester=asking, coverage=[{**plan, "rank": 2, "plan": "Other"}, plan])
        again = {**asking, "organization": "sample heart clinic"}
        second = own(order_number="ORD-2", requester=again, coverage=[{**plan, "member_id": "INV00000002"}])
        third = own(order_number="ORD-3", requester=None, coverage=None)

        ids = [(await send(intake, as_bytes(order))).json()["referral_id"] for order in (first, second, third)]

        states = {document["_id"]: document["state"] for document in intake.world.disk.documents("referrals")}
        names = ("requester_ref", "organization_ref", "network_ref")
        refs = [tuple(states[id_][name] for name in names) for id_ in ids]
        assert refs[0] == refs[1]
        assert (None, None, None) == refs[2]
        assert ["demo-r", "demo-o", "demo-n"] == [ref[:6] for ref in refs[0]]

    async def test_asks_the_ehr_for_what_is_missing(self, intake: Running) -> None:
        """An order without coverage is taken in, and the EHR is told what is missing and where to answer."""
        referral_id = (await send(intake, as_bytes(own(coverage=None)))).json()["referral_id"]

        asked = await intake.until_taken(f"/ehr/information-requests/{referral_id}-i1")

        address, _, capability = asked.pop("answer_url").partition("?capability=")
        assert {"referral_id": referral_id, "items": ["coverage"]} == asked
        assert f"http://intake.example/v1/referrals/{referral_id}/information" == address
        assert 32 == len(capability)
        await intake.until_told("ReferralReceived", "InformationRequested")
        assert isinstance(intake.published()[1][1], InformationRequested)

    async def test_is_one_referral_however_often_it_comes(self, intake: Running) -> None:
        """The same order again gets the same answer, and nothing more is told."""
        answers = [await send(intake, as_bytes(own())) for _ in range(3)]

        assert 1 == len({(answer.status_code, answer.content) for answer in answers})
        assert [None, "true", "true"] == [answer.headers.get("Idempotent-Replayed") for answer in answers]
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")

    async def test_is_taken_with_other_content_and_looked_at(self, intake: Running) -> None:
        """An order that changed reaches somebody: it is taken, and the answer says that a person looks at it."""
        await send(intake, as_bytes(own()))
        taken = await send(intake, as_bytes(own(priority="stat")))

        [warning] = taken.json()["warnings"]
        assert (202, "order-changed") == (taken.status_code, warning["code"])
        assert warning["detail"].endswith("it differs at /priority")
        assert "Idempotent-Replayed" not in taken.headers
        await intake.until_told("ReferralReceived", "ReferralFoundComplete", "OrderChanged")

    async def test_belongs_to_its_tenant(self, intake: Running) -> None:
        """The same order number at another tenant is another referral, which neither sees of the other."""
        ours = (await send(intake, as_bytes(own()))).json()["referral_id"]
        async with intake.client(Role.EHR, tenant="other") as other:
            theirs = (await other.post("/v1/referrals", content=as_bytes(own()), headers=JSON)).json()["referral_id"]
            hidden = await other.get(f"/v1/referrals/{ours}")

        assert ("demo", "other") == (ours.partition("-")[0], theirs.partition("-")[0])
        assert 404 == hidden.status_code

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"priority": "Zephyrine"}, "/priority", "literal_error"),
            ({"order_number": 7}, "/order_number", "string_type"),
            ({"order_number": None}, "/order_number", "missing"),
            ({"authored_at": "2026-04-06T10:00:00"}, "/authored_at", "timezone_aware"),
            ({"authored_at": "0001-01-01T00:00:00+14:00"}, "/authored_at", "century"),
            ({"expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at", "century"),
            ({"requester": {"npi": "1234567890"}}, "/requester/npi", "npi"),
            (
                {"diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "zeph"}]},
                "/diagnoses/0/code",
                "icd_10_cm",
            ),
            ({"patient": {**own()["patient"], "phone": "Zephyrine"}}, "/patient/phone", "phone"),
            ({"patient": {**own()["patient"], "timezone": "Mars/Phobos"}}, "/patient/timezone", "timezone"),
            ({"patient": {**own()["patient"], "Quillfeather": 1}}, "/patient", "extra_forbidden"),
            ({"declared_self_pay": True}, "/declared_self_pay", "self_pay_with_coverage"),
            ({"notes": ["Zephyrine"] * 21}, "/notes", "too_long"),
            ({"coverage": [{"payer_name": "A", "member_id": "1"}] * 2}, "/coverage", "ranks"),
            (
                {"patient": {**own()["patient"], "given": "Ada\n\nYour copay is due"}},
                "/patient/given",
                "control_characters",
            ),
            ({"patient": {**own()["patient"], "given": "", "family": " "}}, "/patient", "name"),
            ({"patient": {**own()["patient"], "birth_date": "2026-05-01"}}, "/patient/birth_date", "born_later"),
            ({"needed_by": "2026-04-05T10:00:00-04:00"}, "/needed_by", "before_it_was_written"),
            ({"expires_at": "2026-04-05T10:00:00-04:00"}, "/expires_at", "before_it_was_written"),
            ({"needed_by": "2026-05-01T10:00:00Z", "not_before": "2026-05-02T10:00:00Z"}, "/not_before", "period"),
            ({"patient": {**own()["patient"], "phone": "555-0142"}}, "/patient/phone", "phone"),
        ],
    )
    async def test_is_refused_where_it_breaks_the_contract(
        self, intake: Running, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        """Our own contract is strict; the answer points at the fault, echoes nothing, and nothing is stored."""
        refused = await send(intake, as_bytes(own(**changes)))

        flaws = [(flaw["pointer"], flaw["code"]) for flaw in refused.json()["errors"]]
        assert (422, [(pointer, code)]) == (refused.status_code, flaws)
        assert [] == [name for name in NAMES if name in refused.text]
        assert [] == intake.world.disk.documents("referrals")

    @pytest.mark.parametrize("named", [{"given": ""}, {"given": "Sukarnata", "family": ""}])
    async def test_takes_a_patient_with_one_name(self, intake: Running, named: dict[str, str]) -> None:
        """Many people have no more, and it does not matter in which field it stands."""
        accepted = await send(intake, as_bytes(own(patient={**own()["patient"], **named})))

        assert 202 == accepted.status_code

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"coverage": [{"payer_name": "A", "member_id": "1"}] * 2}, "names two policies of the same rank"),
            ({"authored_at": "1926-04-06T10:00:00Z"}, "must be of this century"),
            ({"patient": {**own()["patient"], "phone": "000-000-0000"}}, "is no telephone number that could be called"),
            ({"patient": {**own()["patient"], "timezone": "Mars/Phobos"}}, "is not an IANA time zone"),
        ],
    )
    async def test_is_refused_in_a_sentence(self, intake: Running, changes: dict[str, Any], sentence: str) -> None:
        """Whoever sends it learns what to mend."""
        refused = await send(intake, as_bytes(own(**changes)))

        assert [sentence] == [flaw["detail"] for flaw in refused.json()["errors"]]

    async def test_waits_outside_while_the_store_is_down(self, intake: Running) -> None:
        """Without the store nothing is promised: come back later, and it is still one referral."""
        intake.world.disk.is_database_down = True
        away = [await send(intake, as_bytes(own())), await send(intake, as_bytes(bundle()), "/fhir/R4")]
        intake.world.disk.is_database_down = False

        assert [503, 503] == [answer.status_code for answer in away]
        assert all(int(answer.headers["Retry-After"]) for answer in away)
        assert 202 == (await send(intake, as_bytes(own()))).status_code

    async def test_of_a_tenant_without_keys_is_refused(self, intake: Running) -> None:
        """403 in the words of either door: to come again would not help, and nothing is kept."""
        async with intake.client(Role.COORDINATOR, tenant="keyless") as http:
            ours = await http.post("/v1/referrals", content=as_bytes(own()), headers=JSON)
            theirs = await http.post("/fhir/R4", content=as_bytes(bundle()), headers=FHIR)

        assert (403, "tenant_without_keys") == (ours.status_code, ours.json()["code"])
        assert (403, "forbidden") == (theirs.status_code, theirs.json()["issue"][0]["code"])
        assert [] == intake.published()

    async def test_is_described(self, intake: Running) -> None:
        """The API's own description shows the order, its members and what they mean."""
        async with intake.client() as anybody:
            document = (await anybody.get("/openapi.json")).json()

        body = document["paths"]["/v1/referrals"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert {"source_system", "order_number", "authored_at", "service", "patient"} == set(body["required"])
        assert body["properties"]["needed_by"]["description"].startswith("By when")
        assert "application/fhir+json" in document["paths"]["/fhir/R4"]["post"]["requestBody"]["content"]


class TestOrderInFhir:
    async def test_becomes_a_referral(self, intake: Running) -> None:
        """The answer is a ServiceRequest with the referral's id."""
        response = await send(intake, as_bytes(bundle()), "/fhir/R4", **FHIR)

        assert (202, "application/fhir+json") == (response.status_code, response.headers["Content-Type"])
        [document] = intake.world.disk.documents("referrals")
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")
        (_, received), _ = intake.published()
        assert isinstance(received, ReferralReceived)
        assert {
            "resourceType": "ServiceRequest",
            "id": document["_id"],
            "status": "active",
            "intent": "order",
            "subject": {
                "type": "Patient",
                "identifier": {"system": "urn:throughline:patient", "value": received.patient_ref},
            },
        } == response.json()
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")
        assert [] == [name for name in NAMES if name.encode() in intake.spilt()]

    @pytest.mark.parametrize("first", ["own", "fhir"])
    async def test_is_the_same_referral_by_either_door(self, intake: Running, first: str) -> None:
        """An order that came as JSON and again as a Bundle is one referral, and the other way round."""
        doors = [("/v1/referrals", as_bytes(own())), ("/fhir/R4", as_bytes(bundle()))]
        answers = [await send(intake, body, path) for path, body in (doors if first == "own" else doors[::-1])]

        assert [202, 202] == [answer.status_code for answer in answers]
        assert [None, "true"] == [answer.headers.get("Idempotent-Replayed") for answer in answers]
        assert 1 == len({answer.json().get("referral_id") or answer.json()["id"] for answer in answers})
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")

    async def test_is_not_before_the_instant_that_it_names(self, intake: Running) -> None:
        """By our own door as by the other: the others hear from when on a visit may be."""
        await send(intake, as_bytes(own(not_before="2026-05-20T09:00:00-04:00")))
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")

        (_, received), _ = intake.published()
        assert isinstance(received, ReferralReceived)
        assert datetime(2026, 5, 20, 13, 0, tzinfo=UTC) == received.not_before

    async def test_is_needed_by_the_end_of_the_day_that_it_names(self, intake: Running) -> None:
        """The others hear of all of it."""
        await send(intake, as_bytes(bundle(occurrencePeriod={"end": "2026-05-20"})), "/fhir/R4")
        await intake.until_told("ReferralReceived", "ReferralFoundComplete")

        (_, received), _ = intake.published()
        assert isinstance(received, ReferralReceived)
        assert datetime(2026, 5, 21, 4, 0, tzinfo=UTC) == received.needed_by

    async def test_is_taken_with_warnings(self, intake: Running) -> None:
        """What is odd is said beside the answer, at its place and without its value."""
        found = resources()
        found[PATIENT]["telecom"] = [{"system": "phone", "value": "ask Zephyrine"}]

        response = await send(intake, as_bytes(bundle(found)), "/fhir/R4")

        [outcome] = response.json()["contained"]
        [issue] = outcome["issue"]
        assert 202 == response.status_code
        assert ("warning", ["Bundle.entry[1].resource.telecom[0]"]) == (issue["severity"], issue["expression"])
        assert "Zephyrine" not in response.text

    async def test_is_refused_as_an_operation_outcome(self, intake: Running) -> None:
        """Below /fhir a refusal is FHIR too: it points by FHIRPath and says why by a code."""
        refused = await send(intake, as_bytes(bundle(status="draft")), "/fhir/R4")

        [issue] = refused.json()["issue"]
        assert (422, "OperationOutcome") == (refused.status_code, refused.json()["resourceType"])
        assert ["Bundle.entry[0].resource.status"] == issue["expression"]
        assert {"text": "order_not_active"} == issue["details"]
        assert [] == intake.world.disk.documents("referrals")

    async def test_is_taken_with_other_content_and_looked_at(self, intake: Running) -> None:
        """An order that changed reaches somebody, by whichever door it came first."""
        await send(intake, as_bytes(own()))
        taken = await send(intake, as_bytes(bundle(priority="stat")), "/fhir/R4")

        assert 202 == taken.status_code
        assert "order-changed" in taken.text

    async def test_is_refused_when_it_is_no_json(self, intake: Running) -> None:
        """Half a document, and a document of another kind."""
        half = await send(intake, as_bytes(bundle())[:-20], "/fhir/R4")
        text = await send(intake, b"Bundle", "/fhir/R4", **{"Content-Type": "text/plain"})

        assert [400, 415] == [half.status_code, text.status_code]
        assert ["OperationOutcome"] * 2 == [json.loads(answer.content)["resourceType"] for answer in (half, text)]
