"""What offices are sent, and what their answers mean."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from deploy.platform.keys import generate_keys
from services.scheduling.gateways import Appointments, OfficeRequests, Offices, visit_id
from services.scheduling.store import read_directory
from shared.errors import Unknown
from shared.ports import Call
from shared.sealing import Keyring
from tests.support.clients import everybody
from tests.unit.scheduling.placing import ASKED, BOOKED, REFERRAL, TUESDAY, placed
from tests.unit.scheduling.running import DIRECTORY

Reply = Callable[[httpx2.Request], httpx2.Response]
EFFECT = "effect-1"
KEYRING = Keyring(generate_keys(["demo"])["scheduling"])
VISIT = visit_id(REFERRAL, 1)


def call(act: Any, kind: str = "office_request") -> Call:
    """The first call of an effect."""
    return Call(EFFECT, REFERRAL, kind, 1, act, 1)


def offices(reply: Reply) -> Offices:
    """Offices that reply so."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(reply))
    return Offices(
        everybody(http), "http://offices.example", "http://scheduling.example", "http://intake.example", KEYRING
    )


def ours(service: str, path: str, act: str, provider_ref: str) -> str:
    """An address of ours that this provider's office alone was given."""
    capability = KEYRING.capability("demo", "logistics", act, REFERRAL, provider_ref)
    return f"http://{service}.example/v1/{path}?capability={capability}"


def says(code: int, **body: Any) -> Reply:
    """Always this."""
    return lambda _request: httpx2.Response(code, json=body)


def breaks(error: Exception) -> Reply:
    """Never an answer."""

    def reply(_request: httpx2.Request) -> httpx2.Response:
        raise error

    return reply


class TestOfficeRequests:
    @pytest.mark.parametrize(
        ("act", "status", "word"),
        [
            ("send", 202, "alive"),
            ("ask", 200, "alive"),
            ("withdraw", 200, "withdrawn"),
            ("send", 404, "not_taken"),
            ("ask", 404, "absent"),
            ("withdraw", 404, "nothing"),
            ("send", 422, "not_taken"),
            ("send", 429, "not_taken"),
        ],
    )
    async def test_understand_an_answer(self, act: str, status: int, word: str) -> None:
        """By what was asked and how it was answered."""
        gateway = OfficeRequests(offices(says(status, request_id=EFFECT, status="received")))
        answer = await gateway.call(call(act), placed(*ASKED), TUESDAY)

        assert (answer.word, answer.command) == (word, None)
        assert answer.refs == ((EFFECT,) if word in ("alive", "withdrawn") else ())

    @pytest.mark.parametrize(
        "reply",
        [
            says(500),
            says(302),
            says(200, request_id="another"),
            says(200),
            lambda _request: httpx2.Response(200, text="<html>"),
            lambda _request: httpx2.Response(200, text='{"request_id": "eff'),
            lambda _request: httpx2.Response(200, json=["effect-1"]),
            breaks(httpx2.ReadTimeout("silence")),
            breaks(httpx2.RemoteProtocolError("reset")),
        ],
    )
    async def test_take_anything_else_for_silence(self, reply: Reply) -> None:
        """Neither success nor failure: the engine looks before it acts again."""
        with pytest.raises(Unknown):
            await OfficeRequests(offices(reply)).call(call("send"), placed(*ASKED), TUESDAY)

    async def test_know_a_refused_connection(self) -> None:
        """Nobody was there, so nothing happened."""
        gateway = OfficeRequests(offices(breaks(httpx2.ConnectError("refused"))))

        assert "not_taken" == (await gateway.call(call("send"), placed(*ASKED), TUESDAY)).word

    @pytest.mark.parametrize(("status", "is_accepted"), [("accepted", True), ("declined", False)])
    async def test_take_a_decision_that_is_there_already(self, status: str, is_accepted: bool) -> None:
        """An office that is asked again may have answered into a void before."""
        gateway = OfficeRequests(offices(says(200, request_id=EFFECT, status=status)))
        command: Any = (await gateway.call(call("ask"), placed(*ASKED), TUESDAY)).command

        assert (command.choice, command.is_accepted, command.by.id) == (1, is_accepted, "pr-away")

    async def test_say_what_is_wanted_and_where_to_answer(self) -> None:
        """Opaque references alone; who the patient is, comes another way."""
        seen: list[httpx2.Request] = []

        def reply(request: httpx2.Request) -> httpx2.Response:
            seen.append(request)
            return httpx2.Response(202, json={"request_id": EFFECT})

        await OfficeRequests(offices(reply)).call(call("send"), placed(*ASKED), TUESDAY)

        assert ("PUT", f"/offices/pr-away/requests/{EFFECT}") == (seen[0].method, seen[0].url.path)
        assert {
            "referral_id": REFERRAL,
            "site_ref": "st-away",
            "priority": "routine",
            "service_ref": "pw-1",
            "answer_url": ours("scheduling", f"placements/{REFERRAL}/answer", "answer_request", "pr-away"),
            "report_url": ours("intake", f"referrals/{REFERRAL}/reports", "record_report", "pr-away"),
        } == httpx2.Response(200, content=seen[0].content).json()


class TestAppointments:
    async def test_tell_the_visit(self) -> None:
        """The start with an offset, the length, and where outcome and report go."""
        seen: list[Any] = []

        def reply(request: httpx2.Request) -> httpx2.Response:
            seen.append(httpx2.Response(200, content=request.content).json())
            return httpx2.Response(201, json={"visit_id": request.url.path.rpartition("/")[2]})

        gateway = Appointments(offices(reply), read_directory(DIRECTORY))
        answer = await gateway.call(call("send", "appointment"), placed(*BOOKED), TUESDAY)

        assert ("alive", (VISIT,)) == (answer.word, answer.refs)
        assert seen == [
            {
                "referral_id": REFERRAL,
                "start": "2026-02-10T15:00:00+00:00",
                "minutes": 30,
                "outcome_url": ours("scheduling", f"placements/{REFERRAL}/outcome", "record_outcome", "pr-house"),
                "report_url": ours("intake", f"referrals/{REFERRAL}/reports", "record_report", "pr-house"),
            }
        ]

    async def test_withdraw_what_was_told(self) -> None:
        """Also after the placement has moved on: the attempt names office and visit."""
        gateway = Appointments(offices(says(200, visit_id=VISIT)), read_directory(DIRECTORY))
        answer = await gateway.call(call("withdraw", "appointment"), placed(*BOOKED), TUESDAY)

        assert ("withdrawn", (VISIT,)) == (answer.word, answer.refs)
