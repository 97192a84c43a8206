import asyncio
from typing import Any

import pytest

from services.intake.domain.order import ClinicalWithOrigin
from shared.contracts.intake import InformationSupplied
from shared.contracts.sealed import Contact, CoverageDetails
from shared.identity import Role
from tests.unit.intake.invented import NAMES, PATIENT, as_bytes, bundle, own, resources
from tests.unit.intake.route_calls import post, read, received
from tests.unit.intake.running import Running


class TestSupplyInformation:
    async def test_completes_the_referral_with_what_was_sealed(self, intake: Running) -> None:
        """What is supplied reaches its audience sealed, and nothing of it is seen elsewhere."""
        referral_id = await received(intake, coverage=None, diagnoses=None)
        items = [
            {"code": "coverage", "value": {"payer_name": "Testshield Mutual", "member_id": "INV00000001"}},
            {"code": "diagnosis", "value": "I48.91"},
            {"code": "diagnosis", "value": {"system": "http://snomed.info/sct", "code": "49436004"}},
        ]

        answer = await post(intake, f"{referral_id}/information", {"request_id": f"{referral_id}-i1", "items": items})

        assert 202 == answer.status_code
        await intake.until_told(
            "ReferralReceived", "InformationRequested", "InformationSupplied", "ReferralFoundComplete"
        )
        supplied = intake.published()[2][1]
        assert isinstance(supplied, InformationSupplied)
        coverage = intake.keyring.open(
            "demo", "coverage", supplied.seals["coverage"], CoverageDetails, purpose="test", referral_id=referral_id
        )
        clinical = intake.keyring.open(
            "demo", "clinical", supplied.seals["clinical"], ClinicalWithOrigin, purpose="test", referral_id=referral_id
        )
        assert ["Testshield Mutual"] == [policy.payer_name for policy in coverage.policies]
        assert ["I48.91", "49436004"] == [diagnosis.code for diagnosis in clinical.diagnoses]
        assert "ORD-4001" == clinical.order.value
        assert [] == [name for name in NAMES if name.encode() in intake.spilt()]

    async def test_says_by_reference_whom_it_learnt_of(self, intake: Running) -> None:
        """Who is named afterwards has the reference that the order would have had; what was not told has none."""
        npi = {"code": "requester", "value": "1234567893"}
        known = await received(intake, order_number="ORD-2")
        asked = await received(intake, requester=None)
        await post(intake, f"{asked}/information", {"request_id": f"{asked}-i1", "items": [npi]})

        states = {document["_id"]: document["state"] for document in intake.world.disk.documents("referrals")}
        assert states[known]["requester_ref"] == states[asked]["requester_ref"] is not None
        assert states[known]["network_ref"] == states[asked]["network_ref"] is not None
        assert states[asked]["organization_ref"] is None

    @pytest.mark.parametrize(
        ("value", "phone", "email"),
        [
            ("617 555 0102", "+16175550102", None),
            ("zephyrine@example.com", None, "zephyrine@example.com"),
            ({"phone": "617 555 0102", "email": "z@example.com"}, "+16175550102", "z@example.com"),
        ],
    )
    async def test_takes_a_contact_as_it_comes(self, intake: Running, value: Any, phone: Any, email: Any) -> None:
        """One number or address is enough, and the rest of what is known of the patient stays."""
        lacking = {name: v for name, v in own()["patient"].items() if name not in {"phone", "email"}}
        referral_id = await received(intake, patient=lacking)
        body = {"request_id": f"{referral_id}-i1", "items": [{"code": "contact", "value": value}]}
        await post(intake, f"{referral_id}/information", body)

        [document] = intake.world.disk.documents("referrals")
        contact = intake.keyring.open(
            "demo", "contact", document["state"]["seals"]["contact"], Contact, purpose="test", referral_id=referral_id
        )
        assert (phone, email, "Quillfeather") == (contact.phone, contact.email, contact.family)

    @pytest.mark.parametrize(
        ("value", "called"),
        [
            ({"given": "Zephyrine", "family": "Quillfeather"}, ("Zephyrine", "Quillfeather")),
            ("Zephyrine", ("", "Zephyrine")),
        ],
    )
    async def test_takes_who_the_patient_is(self, intake: Running, value: Any, called: tuple[str, str]) -> None:
        """Name and birth date are asked for: payers and offices need to know whom it is about."""
        nameless = resources()
        nameless[PATIENT] = {k: v for k, v in nameless[PATIENT].items() if k not in {"name", "birthDate"}}
        async with intake.client(Role.EHR) as ehr:
            headers = {"Content-Type": "application/fhir+json"}
            sent = await ehr.post("/fhir/R4", content=as_bytes(bundle(nameless)), headers=headers)
        referral_id = sent.json()["id"]
        shown = await read(intake, referral_id)
        items = [{"code": "name", "value": value}, {"code": "birth_date", "value": "1971-02-03"}]
        await post(intake, f"{referral_id}/information", {"request_id": f"{referral_id}-i1", "items": items})

        [document] = intake.world.disk.documents("referrals")
        contact = intake.keyring.open(
            "demo", "contact", document["state"]["seals"]["contact"], Contact, purpose="test", referral_id=referral_id
        )
        assert ["name", "birth_date"] == shown["information_request"]["items"]
        assert "in_progress" == (await read(intake, referral_id))["state"]
        assert (*called, "1971-02-03") == (contact.given, contact.family, str(contact.birth_date))

    async def test_takes_none_for_self_pay(self, intake: Running) -> None:
        """A patient who pays alone has no policies, and that is an answer."""
        referral_id = await received(intake, coverage=None)
        body = {"request_id": f"{referral_id}-i1", "items": [{"code": "coverage", "value": "none"}]}

        assert 202 == (await post(intake, f"{referral_id}/information", body)).status_code
        assert "in_progress" == (await read(intake, referral_id))["state"]

    async def test_loses_nothing_when_two_answer_at_once(self, intake: Running) -> None:
        """Two who add to the same sealed group at once are both in it: neither seals over the other."""
        referral_id = await received(intake, diagnoses=None, requester=None)
        answers = [
            post(intake, f"{referral_id}/information", {"request_id": f"{referral_id}-i1", "items": [item]})
            for item in ({"code": "diagnosis", "value": "I48.91"}, {"code": "requester", "value": "1234567893"})
        ]

        assert [202, 202] == [answer.status_code for answer in await asyncio.gather(*answers)]

        [document] = intake.world.disk.documents("referrals")
        sealed = document["state"]["seals"]["clinical"]
        clinical = intake.keyring.open(
            "demo", "clinical", sealed, ClinicalWithOrigin, purpose="test", referral_id=referral_id
        )
        assert clinical.requester
        assert ("I48.91", "1234567893") == (clinical.diagnoses[0].code, clinical.requester.npi)

    async def test_stays_quiet_when_delivered_twice(self, intake: Running) -> None:
        """An EHR that repeats its answer gets the same one."""
        referral_id = await received(intake, coverage=None)
        body = {"request_id": f"{referral_id}-i1", "items": [{"code": "coverage", "value": "none"}]}

        answers = [await post(intake, f"{referral_id}/information", body) for _ in range(2)]

        assert [202, 202] == [answer.status_code for answer in answers]
        await intake.until_told(
            "ReferralReceived", "InformationRequested", "InformationSupplied", "ReferralFoundComplete"
        )

    @pytest.mark.parametrize(
        ("item", "pointer"),
        [
            ({"code": "diagnosis", "value": "Quillfeather"}, "/items/0/value"),
            ({"code": "coverage", "value": "Quillfeather"}, "/items/0/value"),
            ({"code": "contact", "value": {}}, "/items/0/value"),
            ({"code": "requester", "value": "1234567890"}, "/items/0/value"),
            ({"code": "Quillfeather", "value": "x"}, "/items/0"),
        ],
    )
    async def test_refuses_what_is_no_answer(self, intake: Running, item: Any, pointer: str) -> None:
        """A value that cannot be of its code is refused where it stands, and not repeated."""
        referral_id = await received(intake, coverage=None)
        refused = await post(intake, f"{referral_id}/information", {"request_id": "r", "items": [item]})

        assert 422 == refused.status_code
        assert pointer in {flaw["pointer"] for flaw in refused.json()["errors"]}
        assert "Quillfeather" not in refused.text

    async def test_refuses_an_answer_to_nothing(self, intake: Running) -> None:
        """A request that was never made, and a referral that does not exist."""
        referral_id = await received(intake, coverage=None)
        body = {"request_id": "unheard-of", "items": [{"code": "coverage", "value": "none"}]}

        assert 404 == (await post(intake, f"{referral_id}/information", body)).status_code
        assert 404 == (await post(intake, f"demo-{'a' * 26}/information", body)).status_code
