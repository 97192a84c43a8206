from typing import Any

import pytest

from shared.contracts.intake import ConsultReportReceived
from shared.identity import Role
from tests.unit.intake.invented import RECORDS
from tests.unit.intake.route_calls import post, read, received, sent, until
from tests.unit.intake.running import Running

WHY = {"system": "throughline", "code": "other-patient"}
REPORT = {"report_id": "report-1", "kind": "final", "document_ref": "https://office.example/Quillfeather.pdf"}


class TestRecordReport:
    async def test_reaches_the_clinician_and_closes_the_loop(self, intake: Running) -> None:
        """The report is brought to the EHR, and what the EHR answers completes the referral."""
        referral_id = await sent(intake)

        assert 202 == (await post(intake, f"{referral_id}/reports", REPORT)).status_code
        filed = await intake.until_taken("/ehr/reports/report-1")
        assert 202 == (await post(intake, f"{referral_id}/acknowledgement", {"report_id": "report-1"})).status_code

        assert (
            f"http://intake.example/v1/referrals/{referral_id}/acknowledgement" == filed["answer_url"].partition("?")[0]
        )
        assert (REPORT["document_ref"], "final") == (filed["document_ref"], filed["kind"])
        closed = await until(intake, referral_id, "closed")
        assert ("completed", []) == (closed["outcome"], closed["tasks"])
        assert ["record_report"] == closed["allowed"], "An addendum may still come."
        assert b"Quillfeather" not in intake.spilt()

    async def test_is_taken_once(self, intake: Running) -> None:
        """The same report twice is one; another under its id is refused."""
        referral_id = await sent(intake)
        answers = [await post(intake, f"{referral_id}/reports", REPORT) for _ in range(2)]
        other = await post(intake, f"{referral_id}/reports", {**REPORT, "document_ref": "https://office.example/2.pdf"})

        assert [202, 202, 409] == [answer.status_code for answer in (*answers, other)]
        assert 1 == len((await read(intake, referral_id))["reports"])

    @pytest.mark.parametrize("report_id", ["../admin", "", ".hidden", "a b", "x" * 129])
    async def test_is_refused_under_an_id_that_is_none(self, intake: Running, report_id: str) -> None:
        """An id becomes part of addresses, so it may not lead elsewhere."""
        referral_id = await sent(intake)

        assert 422 == (await post(intake, f"{referral_id}/reports", {**REPORT, "report_id": report_id})).status_code

    async def test_is_refused_for_what_does_not_exist(self, intake: Running) -> None:
        """A report must belong to a referral, an acknowledgement to a report."""
        referral_id = await sent(intake)

        assert 404 == (await post(intake, f"demo-{'a' * 26}/reports", REPORT)).status_code
        assert 404 == (await post(intake, f"{referral_id}/acknowledgement", {"report_id": "r"})).status_code


MATCH = {"report_id": "report-1", "outcome": "applies"}
SET_ASIDE = {"report_id": "report-1", "outcome": "belongs_elsewhere", "reason": WHY}
PATIENT = {
    "record_number": {"system": RECORDS, "value": "mrn-7001"},
    "name": {"family": "QUILLFEATHER", "given": "Z."},
    "birth_date": "1971-02-03",
}
OTHER = {"name": {"family": "Wrongperson", "given": "Wanda"}, "birth_date": "1999-09-09"}


def codes(answer: Any) -> list[str]:
    """What was odd about a report."""
    return [warning["code"] for warning in answer.json()["warnings"]]


async def matched(intake: Running, referral_id: str, body: Any, role: Role, key: str = "m1") -> Any:
    """Say whether a report belongs here."""
    return await post(intake, f"{referral_id}/report-match", body, role, **{"Idempotency-Key": key})


class TestWhomAReportIsAbout:
    @pytest.mark.parametrize(
        ("patient", "odd"),
        [
            (PATIENT, []),
            ({"record_number": PATIENT["record_number"]}, []),
            ({"name": PATIENT["name"]}, ["patient-unchecked"]),
            ({}, ["patient-unchecked"]),
            (None, ["patient-missing"]),
        ],
    )
    async def test_is_warned_of_where_it_cannot_be_checked(self, intake: Running, patient: Any, odd: list[str]) -> None:
        """It is optional, since offices may know the referral by its id only; what is missing is said."""
        referral_id = await sent(intake)
        answer = await post(intake, f"{referral_id}/reports", {**REPORT, "patient": patient})

        assert (202, odd) == (answer.status_code, codes(answer))
        assert "awaiting_acknowledgement" == (await read(intake, referral_id))["state"]

    async def test_never_reaches_the_ehr_where_it_is_another(self, intake: Running) -> None:
        """The right number with another patient: nothing is told, delivered or readable, until a person has looked."""
        referral_id = await sent(intake)
        for _ in range(2):
            answer = await post(intake, f"{referral_id}/reports", {**REPORT, "patient": OTHER})
            assert (202, ["kept-for-match"]) == (answer.status_code, codes(answer))
        found = await read(intake, referral_id)

        assert ("in_progress", []) == (found["state"], found["reports"])
        [task] = [task for task in found["tasks"] if task["act"] == "match_report"]
        assert ("coordinator", ["report-1"], "other-patient") == (task["owner"], task["about"], task["cause"]["code"])
        assert [("report-1", "other-patient", False)] == [
            (kept["report_id"], kept["cause"], kept["is_set_aside"]) for kept in found["kept_reports"]
        ]
        assert not any(isinstance(fact, ConsultReportReceived) for _, fact in intake.published())
        assert {} == intake.ehr.taken
        assert not any(word in intake.spilt() for word in (b"Wrongperson", b"Wanda", b"1999-09-09", b"Quillfeather"))

    async def test_flows_once_a_person_has_matched_it(self, intake: Running) -> None:
        """The person is believed: it is brought to the EHR, told as matched by a person, and closes the loop."""
        referral_id = await sent(intake)
        await post(intake, f"{referral_id}/reports", {**REPORT, "patient": OTHER})

        assert 202 == (await matched(intake, referral_id, MATCH, Role.NURSE)).status_code
        await intake.until_taken("/ehr/reports/report-1")
        await post(intake, f"{referral_id}/acknowledgement", {"report_id": "report-1"})
        closed = await until(intake, referral_id, "closed")

        [told] = [fact for _, fact in intake.published() if isinstance(fact, ConsultReportReceived)]
        assert ("person", "completed", []) == (told.matched_by, closed["outcome"], closed["tasks"])

    async def test_is_no_reason_to_answer_with_what_is_known(self, intake: Running) -> None:
        """Neither the answer nor a refusal repeats anything of a patient."""
        referral_id = await sent(intake)
        body = {**REPORT, "patient": {**OTHER, "name": {"given": "Wanda"}, "wrong": "Wanda"}}
        refused = await post(intake, f"{referral_id}/reports", body)
        kept = await post(intake, f"{referral_id}/reports", {**REPORT, "patient": OTHER})

        assert 422 == refused.status_code
        assert not any(word in refused.text + kept.text for word in ("Wanda", "Quillfeather", "1971", "1999"))

    async def test_makes_it_another_report(self, intake: Running) -> None:
        """The same id about somebody else is not the same report again."""
        referral_id = await sent(intake)
        bodies = REPORT, {**REPORT, "patient": OTHER}
        answers = [await post(intake, f"{referral_id}/reports", body) for body in bodies]

        assert [202, 409] == [answer.status_code for answer in answers]


class TestMatchReport:
    async def test_is_for_what_was_never_sent(self, intake: Running) -> None:
        """Nobody was chosen, so nobody was sent the referral: it is kept, and a person decides, once."""
        referral_id = await received(intake)
        kept = await post(intake, f"{referral_id}/reports", REPORT, Role.COORDINATOR)
        assert (202, ["patient-missing", "kept-for-match"]) == (kept.status_code, codes(kept))

        aside = await matched(intake, referral_id, SET_ASIDE, Role.COORDINATOR)
        again = await matched(intake, referral_id, SET_ASIDE, Role.COORDINATOR, "m2")
        found = await read(intake, referral_id)

        assert [202, 202] == [aside.status_code, again.status_code]
        assert [True] == [report["is_set_aside"] for report in found["kept_reports"]]
        assert "match_report" not in {*found["allowed"], *(task["act"] for task in found["tasks"])}
        assert {} == intake.ehr.taken

    async def test_is_for_coordinators_and_nurses(self, intake: Running) -> None:
        """Whoever reported does not decide whether it belongs here."""
        referral_id = await received(intake)
        await post(intake, f"{referral_id}/reports", REPORT, Role.COORDINATOR)
        answers = [await matched(intake, referral_id, MATCH, role) for role in (Role.OFFICE, Role.EHR, Role.CLINICIAN)]

        assert {403} == {answer.status_code for answer in answers}

    async def test_refuses_what_is_unknown_or_has_no_reason(self, intake: Running) -> None:
        """A report must be there, and is not set aside without a word."""
        referral_id = await received(intake)
        bodies = MATCH, {**SET_ASIDE, "reason": None}
        answers = [await matched(intake, referral_id, body, Role.NURSE, f"m{n}") for n, body in enumerate(bodies)]

        assert [404, 422] == [answer.status_code for answer in answers]
        assert "/reason" == answers[1].json()["errors"][0]["pointer"]
