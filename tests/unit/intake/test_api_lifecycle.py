from datetime import timedelta

import pytest

from shared.contracts.intake import ReferralClosed
from shared.identity import Role
from tests.unit.intake.route_calls import post, read, received, until
from tests.unit.intake.running import Running

WHY = {"system": "throughline", "code": "no-longer-needed"}


class TestCancelReferral:
    async def test_winds_down_and_closes_by_the_clock(self, intake: Running) -> None:
        """A quarter of an hour after the cancellation the referral is closed, by itself."""
        referral_id = await received(intake)
        body = {"asked_by": "patient", "reason": WHY}

        answer = await post(intake, f"{referral_id}/cancellation", body, **{"Idempotency-Key": "k1"})
        assert (202, "winding_down") == (answer.status_code, (await read(intake, referral_id))["state"])
        intake.pass_time(timedelta(minutes=16))

        assert "patient_declined" == (await until(intake, referral_id, "closed"))["outcome"]
        await intake.until_told("ReferralReceived", "ReferralFoundComplete", "ReferralCancelled", "ReferralClosed")
        closed = intake.published()[-1][1]
        assert isinstance(closed, ReferralClosed)
        assert "clock" == closed.recorded_by.kind

    async def test_needs_a_key_and_the_version_that_was_seen(self, intake: Running) -> None:
        """Without an Idempotency-Key it is not done; on a version that is not the newest neither."""
        referral_id = await received(intake)
        body = {"asked_by": "referrer", "reason": WHY}

        keyless = await post(intake, f"{referral_id}/cancellation", body)
        stale = await post(intake, f"{referral_id}/cancellation", body, **{"Idempotency-Key": "k1", "If-Match": '"99"'})

        assert [400, 412] == [keyless.status_code, stale.status_code]
        assert "in_progress" == (await read(intake, referral_id))["state"]

    async def test_is_open_to_the_patient_in_their_own_name(self, intake: Running) -> None:
        """The patient's link cancels this one referral, as the patient."""
        referral_id = await received(intake)
        path, key = f"/v1/referrals/{referral_id}/cancellation", {"Idempotency-Key": "k1"}
        async with intake.patient(referral_id) as patient:
            in_other_name = await patient.post(path, json={"asked_by": "referrer", "reason": WHY}, headers=key)
            in_own_name = await patient.post(path, json={"asked_by": "patient", "reason": WHY}, headers=key)
            of_another = await patient.post(
                path.replace(referral_id, f"demo-{'a' * 26}"), json={"asked_by": "patient", "reason": WHY}, headers=key
            )

        assert [409, 202, 404] == [answer.status_code for answer in (in_other_name, in_own_name, of_another)]

    async def test_refuses_free_text(self, intake: Running) -> None:
        """A reason is a code: prose is where patient data would travel."""
        referral_id = await received(intake)
        body = {"asked_by": "referrer", "reason": {"system": "throughline", "code": "Zephyrine moved away"}}
        refused = await post(intake, f"{referral_id}/cancellation", body, **{"Idempotency-Key": "k1"})

        assert 422 == refused.status_code
        assert "Zephyrine" not in refused.text


class TestCloseReferral:
    async def test_is_for_who_answers_for_it(self, intake: Running) -> None:
        """The clinician or a lead gives up, nobody else."""
        referral_id = await received(intake)
        body, path = {"outcome": "unreachable", "reason": WHY}, f"{referral_id}/closing"

        refused = await post(intake, path, body, Role.COORDINATOR, **{"Idempotency-Key": "k1"})
        taken = await post(intake, path, body, Role.CLINICIAN, **{"Idempotency-Key": "k2"})
        twice = await post(intake, path, body, Role.CLINICIAN, **{"Idempotency-Key": "k2"})

        assert [403, 202, 202] == [answer.status_code for answer in (refused, taken, twice)]
        assert taken.json() == twice.json()

    async def test_refuses_what_nothing_proves(self, intake: Running) -> None:
        """A refusal of the domain is a conflict with its code."""
        referral_id = await received(intake)
        body = {"outcome": "seen_no_report", "reason": WHY}
        refused = await post(intake, f"{referral_id}/closing", body, Role.LEAD, **{"Idempotency-Key": "k1"})

        assert (409, "not-seen") == (refused.status_code, refused.json()["code"])


class TestRead:
    async def test_shows_where_it_stands_and_nothing_sealed(self, intake: Running) -> None:
        """State, step, open request and version are there; seals are not."""
        referral_id = await received(intake, coverage=None)

        async with intake.client(Role.COORDINATOR) as client:
            answer = await client.get(f"/v1/referrals/{referral_id}")

        found = answer.json()
        assert (f'"{found["version"]}"', "awaiting_information") == (answer.headers["ETag"], found["state"])
        assert ("supply_information", "clinician") == (found["tasks"][0]["act"], found["tasks"][0]["owner"])
        assert {"request_id": f"{referral_id}-i1", "items": ["coverage"]} == found["information_request"]
        assert "seals" not in found

    @pytest.mark.parametrize(
        ("role", "allowed"),
        [
            (Role.COORDINATOR, ["cancel", "record_report", "supply_information"]),
            (Role.CLINICIAN, ["cancel", "close", "supply_information"]),
            (Role.LEAD, ["cancel", "close"]),
            (Role.NURSE, ["supply_information"]),
            (Role.OPERATOR, []),
        ],
    )
    async def test_shows_what_the_caller_may_do_now(self, intake: Running, role: Role, allowed: list[str]) -> None:
        """A button is there when the decider and the policy both would let it through."""
        referral_id = await received(intake, coverage=None)

        assert allowed == (await read(intake, referral_id, role))["allowed"]
