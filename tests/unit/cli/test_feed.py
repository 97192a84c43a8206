import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.cli.feed import Feed, IntakeRequest, Odd, Refusal
from deploy.cli.load import write_rejects
from deploy.cli.reach import Reach
from deploy.platform.addresses import Addresses
from deploy.platform.keys import write_state

Answer = Callable[[httpx2.Request], httpx2.Response]
PHONE = {"severity": "warning", "details": {"text": "phone"}, "diagnostics": "holds no telephone number"}
AGAIN = {"severity": "information", "details": {"text": "replayed"}, "diagnostics": "was taken in before"}
WRONG = {
    "severity": "error",
    "details": {"text": "priority"},
    "diagnostics": "must be routine",
    "expression": ["Bundle.entry[3].resource.priority"],
}
ANSWERED = {
    "resource": {"resourceType": "ServiceRequest", "id": "demo-a"},
    "response": {"status": "202 Accepted", "etag": 'W/"1"', "outcome": {"issue": [PHONE]}},
}
REPLAYED = {
    "resource": {"resourceType": "ServiceRequest", "id": "demo-b"},
    "response": {"status": "202 Accepted", "etag": 'W/"7"', "outcome": {"issue": [AGAIN]}},
}
OTHER = {"response": {"status": "202 Accepted"}}
REFUSED = {"response": {"status": "422 Unprocessable Entity", "outcome": {"issue": [WRONG]}}}
PROBLEM = {"status": 422, "code": "invalid", "detail": "Not valid.", "errors": [{"pointer": "/priority"}]}


@pytest.fixture
def addresses(tmp_path: Path) -> Addresses:
    """Where a platform of this test would be."""
    write_state(tmp_path, ["demo"])
    urls = {"issuer": "http://issuer.example", "intake": "http://intake.example"}
    return Addresses(tenant="demo", urls=urls, credentials_file=tmp_path / "clients" / "demo-cli.json")


def reach_to(addresses: Addresses, answer: Answer) -> Reach:
    """A reach to an intake that answers so."""

    def outside(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "issuer.example":
            return httpx2.Response(200, json={"access_token": "invented", "expires_in": 300})
        return answer(request)

    return Reach(addresses, httpx2.AsyncClient(transport=httpx2.MockTransport(outside)))


def requests(*bodies: str) -> list[IntakeRequest]:
    """Requests with these bodies, a line each."""
    return [IntakeRequest(line, "/fhir/R4", body.encode()) for line, body in enumerate(bodies, 1)]


async def account_of(reach: Reach, sent: list[IntakeRequest]) -> Feed:
    """The feed after everything was sent."""
    feed = Feed(reach, lambda _order: None)
    await feed.send_all(sent)
    return feed


def taken(request: httpx2.Request) -> httpx2.Response:
    """An intake that makes the body the referral's id."""
    return httpx2.Response(202, json={"referral_id": f"demo-{request.content.decode()}"})


class TestSendAll:
    async def test_tells_new_from_repeated(self, addresses: Addresses) -> None:
        """The same order twice is one referral."""
        feed = await account_of(reach_to(addresses, taken), requests("a", "b", "a"))

        assert (3, 1, 0) == (feed.account.sent, feed.account.repeated, len(feed.account.refused))
        assert {"demo-a", "demo-b"} == set(feed.account.referrals)

    async def test_knows_what_an_earlier_run_sent(self, addresses: Addresses) -> None:
        """A file that is loaded again is repeated, not new; but what was tried twice in this run may be its own."""
        tries: Counter[bytes] = Counter()

        def with_a_lost_answer(request: httpx2.Request) -> httpx2.Response:
            tries[request.content] += 1
            if request.content == b"lost" and tries[b"lost"] == 1:
                raise httpx2.ReadError("reset")
            answer = taken(request)
            answer.headers["Idempotent-Replayed"] = "true"
            return answer

        feed = await account_of(reach_to(addresses, with_a_lost_answer), requests("earlier", "lost"))

        assert (1, {2: ("demo-lost",)}) == (feed.account.repeated, feed.account.new)

    async def test_tells_changed_from_new(self, addresses: Addresses) -> None:
        """An order that was here before and says something else now is neither new nor the same."""

        def known(request: httpx2.Request) -> httpx2.Response:
            answer = taken(request)
            answer.headers["ETag"] = '"1"' if request.content == b"new" else '"4"'
            return answer

        feed = await account_of(reach_to(addresses, known), requests("new", "other content"))

        assert (["demo-new"], 0, 1, 2) == (
            feed.account.referrals,
            feed.account.repeated,
            feed.account.changed,
            feed.account.sent,
        )

    async def test_reads_a_bundle_of_answers_entry_by_entry(self, addresses: Addresses) -> None:
        """One Bundle may carry several orders, each taken or refused for itself."""
        bundle = {"resourceType": "Bundle", "type": "batch-response", "entry": [ANSWERED, REPLAYED, OTHER, REFUSED]}
        reach = reach_to(addresses, lambda _request: httpx2.Response(202, json=bundle))

        account = (await account_of(reach, requests("one Bundle"))).account

        assert ({1: ("demo-a",)}, 1) == (account.new, account.repeated)
        assert [Refusal(1, 422, "priority", ("Bundle.entry[3].resource.priority",))] == account.refused
        assert {"phone": Odd(1, "holds no telephone number", 1)} == account.odd

    async def test_counts_what_is_odd_by_its_kind(self, addresses: Addresses) -> None:
        """Who loads a file reads what was taken with a warning, how often, and where it was first."""

        def odd(request: httpx2.Request) -> httpx2.Response:
            warned = {"contained": [{"resourceType": "OperationOutcome", "issue": [PHONE]}]}
            told = {"resourceType": "ServiceRequest", "id": f"demo-{request.content.decode()}"}
            return httpx2.Response(202, json=told | (warned if request.content != b"fine" else {}))

        feed = await account_of(reach_to(addresses, odd), requests("fine", "a", "b"))

        assert {"phone": Odd(2, "holds no telephone number", 2)} == feed.account.odd

    @pytest.mark.parametrize(
        ("path", "sent_as"), [("/fhir/R4", "application/fhir+json"), ("/v1/referrals", "application/json")]
    )
    async def test_says_what_it_sends(self, addresses: Addresses, path: str, sent_as: str) -> None:
        """Each door has its own media type."""
        types: list[str] = []

        def noting(request: httpx2.Request) -> httpx2.Response:
            types.append(request.headers["Content-Type"])
            return taken(request)

        await account_of(reach_to(addresses, noting), [IntakeRequest(1, path, b"a")])

        assert [sent_as] == types

    async def test_goes_on_after_a_refusal_and_keeps_why(self, addresses: Addresses) -> None:
        """One bad line spoils no other, and its content is not kept."""

        def picky(request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(422, json=PROBLEM) if request.content == b"bad" else taken(request)

        feed = await account_of(reach_to(addresses, picky), requests("a", "bad", "c"))

        assert [Refusal(2, 422, "invalid", ("/priority",))] == feed.account.refused
        assert 2 == len(feed.account.new)

    async def test_comes_back_when_intake_is_busy_or_away(self, addresses: Addresses) -> None:
        """503 and a closed port mean later; nothing is lost and nothing is given up."""
        tries: Counter[bytes] = Counter()

        def unwell(request: httpx2.Request) -> httpx2.Response:
            tries[request.content] += 1
            if tries[request.content] == 1:
                raise httpx2.ConnectError("refused")
            if tries[request.content] == 2:
                return httpx2.Response(503, json={"code": "busy"}, headers={"Retry-After": "0"})
            return taken(request)

        feed = await account_of(reach_to(addresses, unwell), requests("a", "b"))

        assert (2, 0) == (len(feed.account.new), len(feed.account.refused))

    async def test_has_a_bounded_number_under_way(self, addresses: Addresses) -> None:
        """A file of any length is read no faster than it is taken in."""
        read: list[int] = []
        ahead: list[int] = []

        def counting(request: httpx2.Request) -> httpx2.Response:
            ahead.append(len(read))
            return taken(request)

        def reading() -> Iterator[IntakeRequest]:
            for request in requests(*map(str, range(200))):
                read.append(request.line)
                yield request

        feed = Feed(reach_to(addresses, counting), lambda _order: None)
        await feed.send_all(reading())

        assert max(n_read - n_sent for n_sent, n_read in enumerate(ahead)) <= 16


class TestWriteRejects:
    async def test_names_line_and_reason_and_no_content(self, addresses: Addresses, tmp_path: Path) -> None:
        """The file is for whoever mends the source, and holds nothing of a patient."""
        reach = reach_to(addresses, lambda _request: httpx2.Response(422, json=PROBLEM))
        feed = await account_of(reach, requests("Testerly"))

        write_rejects(tmp_path / "orders.ndjson", feed.account)

        [line] = (tmp_path / "orders.ndjson.rejects.ndjson").read_text().splitlines()
        assert {"line": 1, "status": 422, "code": "invalid", "pointers": ["/priority"]} == json.loads(line)

    async def test_leaves_no_file_when_nothing_was_refused(self, addresses: Addresses, tmp_path: Path) -> None:
        """Rejects of an earlier run would be taken for those of this one."""
        (tmp_path / "orders.ndjson.rejects.ndjson").write_text("{}\n")
        feed = await account_of(reach_to(addresses, taken), requests("a"))

        write_rejects(tmp_path / "orders.ndjson", feed.account)

        assert not (tmp_path / "orders.ndjson.rejects.ndjson").exists()
