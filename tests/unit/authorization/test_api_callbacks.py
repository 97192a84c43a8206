"""What payers may tell, and the whole way from a referral to a decision."""

from typing import Any

import httpx2
import pytest

from shared.contracts.language import effect_id
from shared.identity import Role
from tests.support.callers import client_of
from tests.support.given import kinds
from tests.unit.authorization.running import DIAGNOSIS, MEMBER_ID, Running
from tests.unit.authorization.words import REFERRAL

REQUEST_ID = effect_id(REFERRAL, "submission", 1)
OTHERS = "rival-" + "k" * 26
UNHEARD = "demo-" + "z" * 26


async def call_back(
    found: Running, payer: str = "medicare", tenant: str = "demo", by: str = "", path: str = "", **changes: Any
) -> httpx2.Response:
    """Have the program of a payer call back, at the address that the payer was given unless at another."""
    answer = {**found.payer.answer(REQUEST_ID, "A1", 2), "referral_id": REFERRAL, **changes}
    given = found.payer.requests[REQUEST_ID]["callback_url"]
    headers = found.issuer.headers(tenant=tenant, party=by or payer)
    async with client_of(found.app, **headers) as http:
        return await http.post(path or given.replace("/medicare?", f"/{payer}?"), json=answer)


class TestPayerCallback:
    async def test_becomes_a_decision_once(self, pended: Running) -> None:
        """Twice is once."""
        statuses = [(await call_back(pended)).status_code for _ in range(2)]
        facts = await pended.until_told(4)

        assert [204, 204] == statuses
        assert ["CoverageVerified", *map("Authorization{}".format, ("Submitted", "Pended", "Approved"))] == kinds(facts)
        assert ("payer", "medicare", "callback") == (
            facts[3].recorded_by.kind,
            facts[3].recorded_by.id,
            facts[3].channel,
        )

    async def test_ends_the_asking(self, pended: Running) -> None:
        """After the decision nobody asks what became of the request."""
        await call_back(pended)
        document = await pended.until_step("use_authorization")

        assert document.wake_at is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"payer": "medicaid"},
            {"request_id": "0" * 32},
            {"referral_id": UNHEARD},
            {"referral_id": OTHERS},
            {"tenant": "rival"},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    async def test_is_refused_about_what_that_payer_was_not_asked(self, pended: Running, wrong: Any) -> None:
        """Another payer, request, referral or tenant: there is no such request, and nothing is stored."""
        before = (await pended.until_step("await_payer_decision")).version

        assert 404 == (await call_back(pended, **wrong)).status_code
        assert before == (await pended.until_step("await_payer_decision")).version

    @pytest.mark.parametrize("changes", [{"number": "canary"}, {"received_at": "canary"}, {"items": [{"canary": 1}]}])
    async def test_is_refused_when_it_cannot_be_read(self, pended: Running, changes: Any) -> None:
        """422, and nothing of it is repeated."""
        answer = await call_back(pended, **changes)

        assert 422 == answer.status_code
        assert "canary" not in answer.text

    async def test_becomes_a_task_when_nobody_has_seen_its_like(self, pended: Running) -> None:
        """An unknown action is never an approval."""
        assert 204 == (await call_back(pended, action="Z9")).status_code
        await pended.until_step("review_payer_answer")

    async def test_that_asks_for_records_becomes_a_task_with_its_words(self, pended: Running) -> None:
        """The codes are shown with the case; what it wrote lies under seal, and is opened for who works on it."""
        words = "WORDS-CANARY: send them by our portal"
        assert 204 == (await call_back(pended, action="A4", asked_for=["imaging-report"], message=words)).status_code
        document = await pended.until_step("send_records")

        async with pended.client(Role.COORDINATOR) as http:
            case = (await http.get(f"/v1/cases/{REFERRAL}")).json()
            message = (await http.get(f"/v1/cases/{REFERRAL}/payer-message")).json()
            sent = await http.post(f"/v1/cases/{REFERRAL}/records", json={}, headers={"Idempotency-Key": "k"})
        assert (["imaging-report"], True) == (case["records_owed"], case["has_message"])
        assert {"referral_id": REFERRAL, "text": words} == message
        assert "WORDS-CANARY" not in repr(document)
        assert 202 == sent.status_code
        await pended.until_step("await_payer_decision")

    @pytest.mark.parametrize("message", [7, "", "  ", ["x"], None])
    async def test_without_words_has_no_message(self, pended: Running, message: Any) -> None:
        """What is no text is none; the answer counts all the same."""
        assert 204 == (await call_back(pended, action="Z9", message=message)).status_code
        await pended.until_step("review_payer_answer")
        async with pended.client(Role.NURSE) as http:
            found = (await http.get(f"/v1/cases/{REFERRAL}/payer-message")).json()

        assert {"referral_id": REFERRAL, "text": None} == found


class TestJourney:
    async def test_asks_the_payer_once(self, pended: Running) -> None:
        """One check, one request, under the ids that the facts name."""
        facts = await pended.until_told(3)

        assert {"POST eligibility": 1, "PUT authorizations": 1} == dict(pended.payer.asked)
        assert [REQUEST_ID] == [fact.request_id for fact in facts if hasattr(fact, "request_id")][:1]
        assert {REQUEST_ID: MEMBER_ID} == {id_: asked["member_id"] for id_, asked in pended.payer.requests.items()}

    async def test_withdraws_at_the_payer_what_is_not_wanted_any_more(self, pended: Running) -> None:
        """By not wanting it."""
        await pended.cancel()
        await pended.until(REFERRAL, lambda document: pended.payer.asked["DELETE authorizations"] == 1)

        assert "AuthorizationWithdrawn" == kinds(await pended.until_told(4))[-1]

    async def test_keeps_patient_data_under_seal(self, pended: Running) -> None:
        """Neither the stored document nor what is told holds a member id, a diagnosis or a certificate number."""
        await call_back(pended)
        await pended.until_told(4)
        stored = b"".join(pended.world.disk.collections["cases"].values())
        told = b"".join(
            (record.value or b"") + b"".join(value for _, value in record.headers)
            for (topic, _), records in pended.world.disk.topics.items()
            for record in records
            if topic.startswith("referral.public.authorization")
        )

        for canary in (MEMBER_ID, DIAGNOSIS, "CERTIFICATE-CANARY"):
            assert canary.encode() not in stored + told
