import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from deploy.platform.keys import generate_keys
from services.intake.domain import Referral
from services.intake.domain.order import ReportDocument
from services.intake.gateways import Ehr, InformationRequests, Reports
from shared.effects import Clients
from shared.errors import Unknown
from shared.parties import Party, Register
from shared.ports import Act, Answer, Call, Gateway
from shared.sealing import Keyring
from tests.support.clients import everybody
from tests.unit.intake.telling import ID, MONDAY, receive, referral, report, supply

Respond = Callable[[httpx2.Request], httpx2.Response]
KEYRING = Keyring(generate_keys(["demo"])["intake"])
DOCUMENT = KEYRING.seal("demo", "clinical", ReportDocument(document_ref="https://office.example/1.pdf"), referral_id=ID)
REQUEST, REPORT = f"{ID}-i1", "r1"


def gateways(respond: Respond) -> tuple[InformationRequests, Reports]:
    """Both gateways, to an EHR that responds so."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    ehr = Ehr(everybody(http), "http://ehr.example", "http://intake.example", KEYRING)
    return InformationRequests(ehr), Reports(ehr, KEYRING)


def ours(path: str, act: str) -> str:
    """Where the EHR answers: an address that nobody else was given."""
    url = f"http://intake.example/v1/referrals/{ID}/{path}"
    return f"{url}?capability={KEYRING.capability('demo', 'callback', act, ID, 'ehr')}"


def asking() -> Referral:
    """A referral with a first request answered by half, and a second one open."""
    return referral(receive(missing=("coverage", "diagnosis")), supply("coverage"))


def reporting() -> Referral:
    """A referral with one report."""
    return referral(receive(), type(report())(**{**vars(report()), "document": DOCUMENT}))


async def call(gateway: Gateway, state: Referral, act: Act = "send", revision: int = 1) -> Answer:
    """Make one call."""
    kind = "information_request" if isinstance(gateway, InformationRequests) else "report"
    return await gateway.call(Call("effect-1", ID, kind, revision, act, 1), state, MONDAY)


def saying(status: int, body: Any = None, seen: list[httpx2.Request] | None = None) -> Respond:
    """An EHR that always says this."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        content = body if isinstance(body, str) else json.dumps(body)
        return httpx2.Response(status, text=content)

    return respond


class TestInformationRequest:
    async def test_asks_for_codes_under_an_id_that_no_retry_changes(self) -> None:
        """The nth effect is the nth request, with the items that were missing then, and where to answer."""
        seen: list[httpx2.Request] = []
        requests, _ = gateways(saying(202, {"request_id": REQUEST}, seen))

        answer = await call(requests, asking())

        assert Answer("alive", refs=(REQUEST,)) == answer
        [sent] = seen
        assert ("PUT", f"http://ehr.example/ehr/information-requests/{REQUEST}") == (sent.method, str(sent.url))
        assert {
            "referral_id": ID,
            "items": ["diagnosis", "coverage"],
            "answer_url": ours("information", "supply_information"),
        } == json.loads(sent.content)

    @pytest.mark.parametrize(("act", "word"), [("ask", "absent"), ("withdraw", "nothing"), ("send", "not_taken")])
    async def test_reads_not_found_by_what_was_asked(self, act: Act, word: str) -> None:
        """What is not there is absent when asked for, and nothing is left to withdraw."""
        requests, _ = gateways(saying(404, {}))

        assert word == (await call(requests, asking(), act)).word

    @pytest.mark.parametrize(("act", "word"), [("ask", "alive"), ("withdraw", "withdrawn")])
    async def test_names_what_it_found(self, act: Act, word: str) -> None:
        """The reference is the request's own id."""
        requests, _ = gateways(saying(200, {"request_id": REQUEST, "status": "received"}))

        assert (word, (REQUEST,)) == ((found := await call(requests, asking(), act)).word, found.refs)


class TestReport:
    async def test_brings_the_address_of_the_document(self) -> None:
        """The sealed reference is opened for the one who is to read it, under the report's own id."""
        seen: list[httpx2.Request] = []
        _, reports = gateways(saying(202, {"report_id": REPORT}, seen))

        assert Answer("alive", refs=(REPORT,)) == await call(reports, reporting())
        assert {
            "referral_id": ID,
            "kind": "final",
            "document_ref": "https://office.example/1.pdf",
            "answer_url": ours("acknowledgement", "acknowledge"),
        } == json.loads(seen[0].content)

    async def test_sends_nothing_when_it_only_asks(self) -> None:
        """Asking and withdrawing carry no content."""
        seen: list[httpx2.Request] = []
        _, reports = gateways(saying(200, {"report_id": REPORT}, seen))
        await call(reports, reporting(), "ask")

        assert b"" == seen[0].content


class TestEveryCall:
    @pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 422, 429])
    async def test_is_not_taken_when_the_ehr_says_so(self, status: int) -> None:
        """A refusal is certain: it may be tried again, and a person is asked in the end."""
        requests, _ = gateways(saying(status, {}))

        assert "not_taken" == (await call(requests, asking())).word

    async def test_is_not_taken_when_nobody_listens(self) -> None:
        """A connection that was refused carried nothing."""

        def refuse(_request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("refused")

        requests, _ = gateways(refuse)

        assert "not_taken" == (await call(requests, asking())).word

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, {}),
            (302, {}),
            (202, "<html>Welcome</html>"),
            (202, '{"request_id": "demo'),
            (202, {"request_id": "another"}),
            (202, ["request_id"]),
        ],
    )
    async def test_is_unknown_when_the_answer_says_nothing_certain(self, status: int, body: Any) -> None:
        """An error of theirs, a page, half an answer, an answer about something else: it may have happened."""
        requests, _ = gateways(saying(status, body))

        with pytest.raises(Unknown):
            await call(requests, asking())

    async def test_is_unknown_in_silence(self) -> None:
        """A request that was sent and not answered may have taken effect."""

        def stay_silent(_request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ReadTimeout("silence")

        requests, _ = gateways(stay_silent)

        with pytest.raises(Unknown):
            await call(requests, asking())


class TestWhichEhr:
    @pytest.mark.parametrize(
        ("known", "placed_by", "asked"),
        [
            (("a", "b"), "b", ["b"]),
            (("a",), None, ["a"]),
            (("a", "b"), None, []),
            (("a",), "gone", []),
            ((), None, []),
        ],
    )
    async def test_is_asked_is_the_one_that_placed_the_order(
        self, known: tuple[str, ...], placed_by: str | None, asked: list[str]
    ) -> None:
        """One hospital's EHR learns nothing of an order that another's placed, and nobody is guessed at."""
        found: list[str] = []

        def client(party: Party) -> httpx2.AsyncClient:
            found.append(party.id)
            return httpx2.AsyncClient(transport=httpx2.MockTransport(saying(202, {"request_id": REQUEST})))

        register = Register(Party(tenant="demo", kind="ehr", id=id_) for id_ in known)
        lines = Clients(register, client, httpx2.AsyncClient())
        gateway = InformationRequests(Ehr(lines, "http://ehr.example", "http://intake.example", KEYRING))
        answer = await call(gateway, replace(asking(), placed_by=placed_by))

        assert (asked, "alive" if asked else "not_taken") == (found, answer.word)
