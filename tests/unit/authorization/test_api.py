"""Authorization's doors for people: who may do what, to which case."""

from typing import Any

import httpx2
import pytest

from services.authorization.api import POLICY
from shared.contracts.authorization import AuthorizationApproved, AuthorizationOverridden
from shared.contracts.language import effect_id
from shared.identity import Role
from tests.support.given import kinds
from tests.unit.authorization.running import MEMBER_ID, Running
from tests.unit.authorization.words import REFERRAL

REQUEST_ID = effect_id(REFERRAL, "submission", 1)
BECAUSE = {"reason": {"system": "throughline", "code": "clinically-urgent"}}
APPROVED = {"action": "A1", "reference": "CERTIFICATE-CANARY", "window": {"start": "2026-03-03", "end": "2026-06-01"}}
WRITES: dict[str, tuple[str, Any]] = {
    "record_decision": ("decision", APPROVED),
    "override": ("override", BECAUSE),
    "verify_coverage": (
        "eligibility",
        {"eb01": "1", "auth_required": "N", "valid_on": "2026-03-02", "reference": "CERTIFICATE-CANARY"},
    ),
    "confirm_records_sent": ("records", {}),
    "record_peer_to_peer": ("peer-to-peer", {"action": "A3", "reference": "CERTIFICATE-CANARY"}),
    "resubmit": ("resubmission", {}),
    "correct_coverage": ("coverage", {"payer_id": "medicaid", "member_id": MEMBER_ID}),
    "confirm_withdrawal": ("withdrawal", {}),
    "continue_self_pay": ("self-pay", {}),
}
CASE = f"/v1/cases/{REFERRAL}"
OTHERS = "rival-" + "k" * 26
UNHEARD = "demo-" + "z" * 26


async def post(
    found: Running, action: str, *roles: Role, key: str | None = "k1", referral_id: str = REFERRAL, **headers: str
) -> httpx2.Response:
    """Send one of WRITES."""
    path, content = WRITES[action]
    keyed = {"Idempotency-Key": key} if key else {}
    async with found.client(*roles) as http:
        return await http.post(f"/v1/cases/{referral_id}/{path}", json=content, headers={**keyed, **headers})


async def get(found: Running, *roles: Role, referral_id: str = REFERRAL) -> httpx2.Response:
    """Read the case."""
    async with found.client(*roles) as http:
        return await http.get(f"/v1/cases/{referral_id}")


class TestRead:
    async def test_says_where_the_case_stands(self, pended: Running) -> None:
        """Status, step and what the caller may do; nothing that is sealed."""
        answer = await get(pended, Role.LEAD)

        found = answer.json()
        assert ("pended", "medicare", "prov-1", REQUEST_ID) == tuple(
            found[name] for name in ("state", "payer", "provider_ref", "request_id")
        )
        assert "await_payer_decision" == found["tasks"][0]["act"]
        assert found["tasks"][0]["due_at"] == found["decision_due_at"]
        assert ["override", "record_decision"] == found["allowed"]
        assert MEMBER_ID not in answer.text
        assert answer.headers["etag"]

    async def test_offers_only_what_the_caller_may_do(self, pended: Running) -> None:
        """A button that the server would refuse is not there."""
        found = {role: (await get(pended, role)).json()["allowed"] for role in (Role.CLINICIAN, Role.OPERATOR)}

        assert {Role.CLINICIAN: ["override"], Role.OPERATOR: []} == found

    @pytest.mark.parametrize("referral_id", [UNHEARD, OTHERS, "nonsense"])
    async def test_answers_alike_what_is_not_there_and_what_belongs_to_others(
        self, pended: Running, referral_id: str
    ) -> None:
        """Nobody learns whether another tenant has a case."""
        assert 404 == (await get(pended, Role.COORDINATOR, referral_id=referral_id)).status_code


class TestWrites:
    @pytest.mark.parametrize("action", WRITES)
    async def test_need_an_idempotency_key(self, pended: Running, action: str) -> None:
        """A retry must be known as one."""
        assert 400 == (await post(pended, action, *POLICY[action], key=None)).status_code

    async def test_are_done_once_under_one_key(self, pended: Running) -> None:
        """A retry gets the first answer; the same key with another body is refused."""
        first, again = [await post(pended, "override", Role.LEAD) for _ in range(2)]
        other = await post(pended, "record_decision", Role.LEAD)

        assert [202, 202, 422] == [first.status_code, again.status_code, other.status_code]
        assert first.json() == again.json()

    async def test_refuse_what_was_decided_on_an_old_version(self, pended: Running) -> None:
        """If-Match guards against deciding on what is no longer so."""
        assert 412 == (await post(pended, "override", Role.LEAD, **{"If-Match": '"1"'})).status_code

    @pytest.mark.parametrize(
        "action",
        [
            "verify_coverage",
            "confirm_records_sent",
            "record_peer_to_peer",
            "resubmit",
            "correct_coverage",
            "continue_self_pay",
        ],
    )
    async def test_refuse_what_is_not_possible_now(self, pended: Running, action: str) -> None:
        """409, with a sentence."""
        answer = await post(pended, action, Role.LEAD)

        assert (409, f"{action.replace('_', '-')}-not-possible") == (answer.status_code, answer.json()["code"])

    @pytest.mark.parametrize(
        ("path", "content"),
        [
            ("decision", {**APPROVED, "action": "A9"}),
            ("decision", {**APPROVED, "units": 0}),
            ("decision", {**APPROVED, "notes": "canary words"}),
            ("peer-to-peer", {"action": "A4", "reference": "canary"}),
            ("eligibility", {"eb01": "canary", "auth_required": "Y", "valid_on": "2026-03-02", "reference": "canary"}),
            ("eligibility", {"eb01": "1", "auth_required": "Y", "valid_on": "2026-03-02"}),
            ("override", {"reason": "canary words"}),
            ("override", {"reason": {"system": "s", "code": "canary words"}}),
            ("coverage", {"payer_id": "../canary", "member_id": "m"}),
            ("coverage", {"payer_id": "medicaid"}),
            ("resubmission", {"because": "canary words"}),
        ],
    )
    async def test_refuse_what_does_not_follow_the_contract(self, pended: Running, path: str, content: Any) -> None:
        """422, and nothing of it is repeated."""
        async with pended.client(Role.LEAD) as http:
            answer = await http.post(f"{CASE}/{path}", json=content, headers={"Idempotency-Key": "k"})

        assert 422 == answer.status_code
        assert "canary" not in answer.text


class TestDecision:
    async def test_becomes_leave_to_book(self, pended: Running) -> None:
        """In the name of who recorded it; the reference is kept under seal."""
        assert 202 == (await post(pended, "record_decision", Role.COORDINATOR)).status_code
        approved = (await pended.until_told(4))[-1]
        document = await pended.until_step("use_authorization")

        assert isinstance(approved, AuthorizationApproved)
        assert ("person", "api") == (approved.recorded_by.kind, approved.channel)
        assert document.state.request.certificate
        assert "CERTIFICATE-CANARY" not in repr(document)

    async def test_needs_dates_for_an_approval(self, pended: Running) -> None:
        """The domain refuses, in words."""
        async with pended.client(Role.LEAD) as http:
            content = {"action": "A6", "reference": "by telephone"}
            answer = await http.post(f"{CASE}/decision", json=content, headers={"Idempotency-Key": "k"})

        assert (409, "window-missing") == (answer.status_code, answer.json()["code"])


class TestPeerToPeer:
    async def test_is_recorded_by_the_clinician_who_had_it(self, pended: Running) -> None:
        """The task is the clinician's, so the button is, too; an upheld denial leaves the appeal."""
        async with pended.client(Role.COORDINATOR) as http:
            denied = {"action": "A3", "reference": "R-1"}
            assert (
                202 == (await http.post(f"{CASE}/decision", json=denied, headers={"Idempotency-Key": "d"})).status_code
            )
        assert "record_peer_to_peer" in (await get(pended, Role.CLINICIAN)).json()["allowed"]

        assert 202 == (await post(pended, "record_peer_to_peer", Role.CLINICIAN)).status_code
        assert "CERTIFICATE-CANARY" not in repr(await pended.until_step("appeal_or_close"))


class TestEligibility:
    async def test_that_was_learned_by_telephone_goes_on_as_the_payers_own(self, authorization: Running) -> None:
        """In the name of who asked; no leave is needed where the payer said so."""
        authorization.payer.eb01 = "6"
        await authorization.refer()
        await authorization.until_step("resolve_coverage")

        assert 202 == (await post(authorization, "verify_coverage", Role.COORDINATOR)).status_code
        facts = (await authorization.until_told(3))[-2:]
        assert ["CoverageVerified", "AuthorizationNotRequired"] == kinds(facts)
        assert {"person"} == {fact.recorded_by.kind for fact in facts}


class TestOverride:
    async def test_is_told_in_the_callers_name(self, pended: Running) -> None:
        """A named person answers for it."""
        await post(pended, "override", Role.CLINICIAN)
        overridden = (await pended.until_told(4))[-1]

        assert isinstance(overridden, AuthorizationOverridden)
        assert ("sam.sample", "clinically-urgent") == (overridden.by.id, overridden.reason.code)


class TestCoverage:
    async def test_is_sealed_and_checked_anew(self, authorization: Running) -> None:
        """The member id that was typed in reaches the payer, and nobody else."""
        authorization.payer.auth_required = "N"
        authorization.payer.eb01 = "6"
        await authorization.refer()
        await authorization.until_step("resolve_coverage")
        authorization.payer.eb01 = "1"

        assert 202 == (await post(authorization, "correct_coverage", Role.COORDINATOR)).status_code
        facts = await authorization.until_told(3)
        assert ["CoverageNotVerified", "CoverageVerified", "AuthorizationNotRequired"] == kinds(facts)
        assert ["medicare", "medicaid", "medicaid"] == [fact.payer for fact in facts]
