"""What payers are told with a request, and what their answers mean to effect and case."""

from dataclasses import replace
from typing import Any

import pytest

from services.authorization import domain
from services.authorization.gateways import Callbacks
from services.authorization.gateways.answers import Certificate
from shared.contracts.language import Reason
from shared.contracts.sealed import CoverageDetails
from shared.errors import Unknown
from shared.ports import Act, Answer
from tests.unit.authorization.scripted_payer import (
    CERTIFIED,
    COVERAGE,
    ELIGIBLE,
    NOT_TAKEN,
    PENDED,
    REQUEST_ID,
    SUBMITTING,
    UNKNOWN,
    Desk,
    sealed_case,
)
from tests.unit.authorization.words import (
    OTHER_PAYER,
    PAYER,
    REFERRAL,
    THERE,
    after,
    answer,
    chosen,
    coverage,
    eligible,
    heard,
    item,
    started,
)


class TestSubmissions:
    async def test_tells_the_payer_what_it_needs_and_no_more(self) -> None:
        """Codes, not texts: a payer reads no notes."""
        desk = Desk((201, CERTIFIED))
        await desk.submit(SUBMITTING)

        assert f"http://payers.example/payers/alder-valley/authorizations/{REQUEST_ID}" == str(desk.requests[0].url)
        assert "PUT" == desk.requests[0].method
        assert {
            "referral_id": REFERRAL,
            "member_id": "MEMBER-1",
            "payer_name": "Alder Valley",
            "urgency": "expedited",
            "service_ref": "pw-1",
            "provider_ref": "prov-1",
            "site_ref": "site-1",
            "diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}],
            "callback_url": Callbacks(desk.keyring).address(
                "http://us.example/v1/payer-callbacks/alder-valley", REFERRAL, "alder-valley", REQUEST_ID
            ),
        } == desk.body
        assert b"canary" not in desk.requests[0].content
        assert ["coverage", "clinical"] == [opening.audience for opening in desk.openings]

    async def test_hands_the_answer_to_the_case(self) -> None:
        """A decision is final for the effect; its number and reference go with it, the reference sealed."""
        desk = Desk((201, CERTIFIED))
        found = await desk.submit(SUBMITTING)

        assert ("alive", (REQUEST_ID,), True) == (found.word, found.refs, found.final)
        command = found.command
        assert isinstance(command, domain.RecordPayerAnswer)
        assert (REQUEST_ID, 3, "A1", (item(),)) == (command.request_id, command.number, command.action, command.items)
        assert "CERT-1" not in repr(command)
        sealed = command.certificate or ""
        assert (
            "CERT-1"
            == desk.keyring.open(
                "demo", "coverage", sealed, Certificate, purpose="test", referral_id=REFERRAL
            ).reference
        )

    async def test_goes_on_asking_about_a_pend(self) -> None:
        """A pend is not the last word; of what is asked for only codes come through."""
        found = await Desk((200, PENDED)).submit(SUBMITTING)

        assert found.final is False
        assert isinstance(found.command, domain.RecordPayerAnswer)
        assert ("imaging-report",) == found.command.asked_for

    async def test_does_not_go_on_asking_about_a_closed_case(self) -> None:
        """A visit took place and the referral is closed: a payer that never decides is not asked for ever."""
        found = await Desk((200, PENDED)).submit(replace(SUBMITTING, ending="closed", is_used=True))

        assert found.final is True

    @pytest.mark.parametrize("action", ["A2", "A6", "C", "CT", "NA", "Z9", ""])
    async def test_takes_any_action(self, action: str) -> None:
        """An unknown action is an answer, not silence."""
        found = await Desk((200, {**CERTIFIED, "action": action})).submit(SUBMITTING)

        assert isinstance(found.command, domain.RecordPayerAnswer)
        assert action == found.command.action

    @pytest.mark.parametrize(
        ("reason", "expected"),
        [
            ({"system": "urn:p", "code": "no-records"}, Reason(system="urn:p", code="no-records")),
            ({"system": "urn:p", "code": "Mrs. Sample is not ill"}, None),
            ({"code": "no-records"}, None),
            ("no", None),
            (None, None),
        ],
    )
    async def test_takes_reasons_as_codes_only(self, reason: Any, expected: Reason | None) -> None:
        """A denial counts whatever its reason says; free words stay behind."""
        found = await Desk((200, {**CERTIFIED, "action": "A3", "reason": reason})).submit(SUBMITTING)

        assert isinstance(found.command, domain.RecordPayerAnswer)
        assert expected == found.command.reason

    @pytest.mark.parametrize(("act", "word"), [("send", "not_taken"), ("ask", "absent"), ("withdraw", "nothing")])
    async def test_reads_not_found_by_what_was_done(self, act: Act, word: str) -> None:
        """404 is an answer to a question, and to a withdrawal."""
        assert Answer(word) == await Desk((404, b"")).submit(SUBMITTING, act)  # type: ignore[arg-type] # one of Word

    @pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
    @pytest.mark.parametrize("answers", NOT_TAKEN)
    async def test_knows_what_certainly_did_not_happen(self, answers: Any, act: Act) -> None:
        """Then it may be done again."""
        assert Answer("not_taken") == await Desk(answers).submit(SUBMITTING, act)

    @pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
    @pytest.mark.parametrize(
        "answers",
        [
            *UNKNOWN,
            (200, {**CERTIFIED, "request_id": "0" * 32}),
            (200, {**CERTIFIED, "received_at": "yesterday"}),
            (200, {**CERTIFIED, "number": -1}),
        ],
    )
    async def test_does_not_guess(self, answers: Any, act: Act) -> None:
        """Silence, another request's answer and what no payer says mean nothing."""
        with pytest.raises(Unknown):
            await Desk(answers).submit(SUBMITTING, act)

    async def test_asks_and_withdraws_without_opening_a_seal(self) -> None:
        """The id says it all."""
        desk = Desk((200, {**CERTIFIED, "action": "C"}))
        asked, withdrawn = await desk.submit(SUBMITTING, "ask"), await desk.submit(SUBMITTING, "withdraw")

        assert ["GET", "DELETE"] == [request.method for request in desk.requests]
        assert ("alive", "withdrawn", (REQUEST_ID,)) == (asked.word, withdrawn.word, withdrawn.refs)
        assert [] == desk.openings

    async def test_withdraws_from_the_payer_that_was_asked(self) -> None:
        """Also when another pays meanwhile."""
        other = coverage(OTHER_PAYER, seal=Desk(None).keyring.seal("demo", "coverage", COVERAGE, referral_id=REFERRAL))
        supplied = domain.TakeInformation(**heard(), coverage=other, clinical=None)
        case = sealed_case(eligible(), chosen(), supplied, eligible(check=2, payer=OTHER_PAYER), chosen(THERE))
        desk = Desk((200, {**CERTIFIED, "action": "C"}))
        await desk.submit(case, "withdraw")

        assert "alder-valley" in str(desk.requests[0].url)

    async def test_sends_no_payer_another_payers_numbers(self) -> None:
        """Once the coverage has changed, a request under the old one is not sent."""
        other = coverage(OTHER_PAYER, seal=Desk(None).keyring.seal("demo", "coverage", COVERAGE, referral_id=REFERRAL))
        supplied = domain.TakeInformation(**heard(), coverage=other, clinical=None)
        desk = Desk((200, CERTIFIED))

        assert Answer("not_taken") == await desk.submit(sealed_case(eligible(), chosen(), supplied))
        assert ([], []) == (desk.requests, desk.openings)

    async def test_stays_silent_without_a_member_id(self) -> None:
        """A seal that does not hold what it should is a fault, not an answer."""
        empty = coverage(
            PAYER, seal=Desk(None).keyring.seal("demo", "coverage", CoverageDetails(), referral_id=REFERRAL)
        )
        opened = domain.OpenCase(**heard(), priority="routine", pathway="pw-1", coverage=empty, clinical=None)

        with pytest.raises(Unknown):
            await Desk((200, ELIGIBLE)).check(after(opened, started()))

    async def test_has_no_diagnoses_to_tell_without_a_clinical_seal(self) -> None:
        """The payer gets an empty list."""
        on_file = coverage(PAYER, seal=Desk(None).keyring.seal("demo", "coverage", COVERAGE, referral_id=REFERRAL))
        opened = domain.OpenCase(**heard(), priority="routine", pathway="pw-1", coverage=on_file, clinical=None)
        desk = Desk((200, CERTIFIED))
        await desk.submit(after(opened, started(), eligible(), chosen()))

        assert [] == desk.body["diagnoses"]

    async def test_means_the_same_by_any_way(self) -> None:
        """What was read is decided like what was told in words."""
        found = await Desk((200, CERTIFIED)).submit(SUBMITTING)
        facts = domain.decide(found.command, SUBMITTING)  # type: ignore[arg-type] # there is one

        assert [type(fact) for fact in domain.decide(answer("A1", 3), SUBMITTING)] == [type(fact) for fact in facts]
