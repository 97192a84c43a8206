"""What an answer about a resource means to an effect: one table of acts and statuses, for all who speak so."""

import httpx2
import pytest

from shared.effects import Clients, rest
from shared.errors import Unknown
from shared.parties import Party, Register
from shared.ports import Act, Answer, AnswerWord, Call

THEM = Party(tenant="demo", kind="payer", id="them")
METHODS = {"send": "PUT", "ask": "GET", "withdraw": "DELETE"}
BODY = {"note": "once"}


def _call(act: Act) -> Call:
    return Call(aggregate_id="demo:r-1", effect_id="e-1", kind="submission", act=act, revision=1, number=1)


async def _answered(act: Act, status: int, asked: list[httpx2.Request] | None = None) -> httpx2.Response | Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if asked is not None:
            asked.append(request)
        return httpx2.Response(status, json={"id": "e-1"})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        clients = Clients(Register((THEM,)), lambda _: client, client)
        return await rest.request(clients, THEM, _call(act), "https://them.example", "things/e-1", BODY, timeout_s=1.0)


@pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
async def test_an_act_is_one_method_on_the_resource_and_only_a_send_carries_the_body(act: Act) -> None:
    """PUT creates or repeats, GET asks, DELETE withdraws."""
    asked: list[httpx2.Request] = []
    await _answered(act, 200, asked)
    [request] = asked
    assert (METHODS[act], "https://them.example/things/e-1") == (request.method, str(request.url))
    assert (b'{"note":"once"}' if act == "send" else b"") == request.content


@pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
@pytest.mark.parametrize("status", [200, 201, 202, 204, 408, 410])
async def test_what_the_other_system_says_is_the_gateways_to_read(act: Act, status: int) -> None:
    """A success, or an answer that the table does not name: the response itself comes back."""
    answered = await _answered(act, status)
    assert isinstance(answered, httpx2.Response)
    assert status == answered.status_code


@pytest.mark.parametrize(("act", "word"), [("send", "not_taken"), ("ask", "absent"), ("withdraw", "nothing")])
async def test_not_found_means_to_each_act_something_else(act: Act, word: AnswerWord) -> None:
    """No such place to send to, no such request, nothing to withdraw."""
    assert Answer(word) == await _answered(act, 404)


@pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 413, 415, 422, 429])
async def test_a_refusal_had_no_effect(act: Act, status: int) -> None:
    """So it may be made again, by a person's hand or with other words."""
    assert Answer("not_taken") == await _answered(act, status)


@pytest.mark.parametrize("act", ["send", "ask", "withdraw"])
@pytest.mark.parametrize("status", [302, 500, 502, 503, 504])
async def test_a_failure_says_nothing_of_the_effect(act: Act, status: int) -> None:
    """It may have been done: it is asked after before it is repeated."""
    with pytest.raises(Unknown):
        await _answered(act, status)


async def test_without_a_party_nothing_is_sent() -> None:
    """Nobody by that name is in the register."""
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: pytest.fail("sent"))) as client:
        clients = Clients(Register(()), lambda _: client, client)
        said = await rest.request(clients, None, _call("send"), "https://a.example", "b", BODY, timeout_s=1.0)
    assert Answer("not_taken") == said


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"e-1"', b"{}", b'{"id": "e-2"}'])
def test_an_answer_about_something_else_is_none(body: bytes) -> None:
    """A proxy's page, another resource: neither tells what became of ours."""
    with pytest.raises(Unknown):
        rest.read(httpx2.Response(200, content=body), "id", "e-1")


def test_an_answer_about_the_resource_is_read() -> None:
    """Its members come back as they are."""
    found = rest.read(httpx2.Response(200, json={"id": "e-1", "status": "sent"}), "id", "e-1")
    assert {"id": "e-1", "status": "sent"} == found
