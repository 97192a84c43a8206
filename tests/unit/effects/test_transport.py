"""One call is one request, whatever becomes of it, and every failure says whether anything was sent."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest

from deploy.local.ports import free_port
from shared.effects import REACHED_WITHIN_S, NotTaken, ServiceAuth, exchange
from shared.effects import http as effects_http
from shared.effects.protocol import STALL_S
from shared.effects.transport import LONGEST_ANSWER, AiohttpTransport
from shared.errors import Unknown

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BREAKS_OFF = None
NEVER = b""

Answers = Callable[[int], bytes | None]


def _answer(content: bytes, encoding: bytes = b"identity") -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (encoding, len(content))
    return head + content


_BOMB = gzip.compress(bytes(100 * LONGEST_ANSWER))
TOO_MUCH = {
    "long": _answer(b"a" * (LONGEST_ANSWER + 1)),
    "a gzip bomb": _answer(_BOMB, b"gzip"),
    "a bomb in two members": _answer(gzip.compress(b"{}") + _BOMB, b"gzip"),
    "one byte too many": _answer(gzip.compress(bytes(LONGEST_ANSWER + 1)), b"gzip"),
    "packed twice": _answer(gzip.compress(_BOMB), b"gzip, gzip"),
    "a packing that was not asked for": _answer(_BOMB, b"br"),
    "torn": _answer(gzip.compress(b'{"status":"booked"}')[:-4], b"gzip"),
    "no gzip at all": _answer(b"{}", b"gzip"),
}


@dataclass
class Outside:
    """A server that answers its n-th request as it is told: with bytes, with silence, or by breaking off."""

    answers: Answers
    url: str = ""
    heard: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((line for line in head.lower().splitlines() if line.startswith(b"content-length")), b":0")
                self.heard.append(head + await reader.readexactly(int(length.partition(b":")[2])))
                answer = self.answers(len(self.heard))
                if answer is None:
                    break
                writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def outside(answers: Answers) -> AsyncIterator[Outside]:
    """Yield it, listening."""
    found, port = Outside(answers), free_port()
    found.url = f"http://127.0.0.1:{port}/visits/1"
    server = await asyncio.start_server(found.serve, "127.0.0.1", port)
    try:
        yield found
    finally:
        server.close()


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """A client as services have it, without a token."""
    async with httpx2.AsyncClient(transport=AiohttpTransport()) as client:
        yield client


class TestExchange:
    async def test_sends_what_it_was_given_and_nothing_else(self, http: httpx2.AsyncClient) -> None:
        """Method, path and query as they are, our headers and the body; no second opinion of the transport's."""
        async with outside(lambda _n: OK) as server:
            answer = await exchange(http, "PUT", f"{server.url}?of=a%2Fb", json={"status": "booked"})

        assert (200, {}) == (answer.status_code, answer.json())
        (request,) = server.heard
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"PUT /visits/1?of=a%2Fb HTTP/1.1\r\n")
        assert b'{"status":"booked"}' == body
        names = [line.partition(b":")[0].lower() for line in head.splitlines()[1:]]
        assert sorted(set(names)) == sorted(names)

    async def test_reads_what_is_compressed(self, http: httpx2.AsyncClient) -> None:
        """As httpx2 would have read it."""
        packed = gzip.compress(b'{"status":"booked"}')
        told = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
        async with outside(lambda _n: told + packed) as server:
            answer = await exchange(http, "GET", server.url)

        assert {"status": "booked"} == answer.json()

    async def test_asks_only_for_what_can_be_unpacked_within_a_bound(self, http: httpx2.AsyncClient) -> None:
        """Whatever the client would understand beside it."""
        async with outside(lambda _n: OK) as server:
            await exchange(http, "GET", server.url)

        accepted = [line for line in server.heard[0].lower().splitlines() if line.startswith(b"accept-encoding")]
        assert [b"accept-encoding: gzip"] == accepted

    @pytest.mark.parametrize("answer", TOO_MUCH.values(), ids=TOO_MUCH)
    async def test_reads_no_more_than_the_bound(self, http: httpx2.AsyncClient, answer: bytes) -> None:
        """Some bytes that unpack to very many end no replica: nothing is certain, and the process goes on."""
        tracemalloc.start()
        try:
            async with outside(lambda _n: answer) as server:
                with pytest.raises(Unknown):
                    await exchange(http, "GET", server.url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak < 8 * LONGEST_ANSWER

    async def test_reads_as_much_as_the_bound(self, http: httpx2.AsyncClient) -> None:
        """Packed and as it is."""
        most = b"a" * LONGEST_ANSWER
        for answer in (_answer(most), _answer(gzip.compress(most), b"gzip")):
            async with outside(lambda _n, answer=answer: answer) as server:  # type: ignore[misc] # binds
                assert most == (await exchange(http, "GET", server.url)).content

    async def test_is_sure_that_nothing_was_taken_where_the_proxy_lets_nobody_through(self) -> None:
        """A proxy that refuses a tunnel has sent nothing on."""
        refused = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
        async with outside(lambda _n: refused) as proxy:
            client = httpx2.AsyncClient(transport=AiohttpTransport(proxy.url.removesuffix("/visits/1")))
            with pytest.raises(NotTaken):
                await exchange(client, "PUT", "https://payer.example/authorizations/1")
            await client.aclose()

        assert proxy.heard[0].startswith(b"CONNECT payer.example:443")

    async def test_sends_what_needs_no_tunnel_through_the_proxy(self) -> None:
        """The proxy is asked for the whole address (RFC 9112 §3.2.2)."""
        async with outside(lambda _n: OK) as proxy:
            client = httpx2.AsyncClient(transport=AiohttpTransport(proxy.url.removesuffix("/visits/1")))
            await exchange(client, "PUT", "http://payer.example/authorizations/1")
            await client.aclose()

        assert proxy.heard[0].startswith(b"PUT http://payer.example/authorizations/1 HTTP/1.1")

    async def test_is_sure_that_nothing_was_taken_where_nobody_listens(self, http: httpx2.AsyncClient) -> None:
        """A refused connection may be tried again without a thought."""
        with pytest.raises(NotTaken):
            await exchange(http, "PUT", f"http://127.0.0.1:{free_port()}/visits/1")

    async def test_is_sure_that_nothing_was_taken_while_all_connections_are_in_use(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A call that waited for its turn would be sent when others believe that it can no longer land."""
        monkeypatch.setattr(effects_http, "REACHED_WITHIN_S", 0.5)
        client = httpx2.AsyncClient(transport=AiohttpTransport(connections=1))
        async with client as http, outside(lambda _n: NEVER) as server:
            first = asyncio.create_task(exchange(http, "PUT", server.url, timeout_s=60))
            while not server.heard:
                await asyncio.sleep(0.01)
            with pytest.raises(NotTaken):
                async with asyncio.timeout(20):
                    await exchange(http, "PUT", server.url, timeout_s=60)
            first.cancel()

        assert 1 == len(server.heard)

    async def test_is_sure_that_nothing_was_taken_without_a_token(self) -> None:
        """An issuer that does not answer is not waited for."""
        never = asyncio.Event()

        async def token() -> str:
            await never.wait()
            return ""

        async with outside(lambda _n: OK) as server:
            client = httpx2.AsyncClient(auth=ServiceAuth(token, within_s=0.1), transport=AiohttpTransport())
            with pytest.raises(NotTaken):
                await exchange(client, "PUT", server.url)
            await client.aclose()

        assert [] == server.heard

    def test_begins_well_before_it_is_believed_to_be_over(self) -> None:
        """Token and connection are part of what the quarantine of a call allows for."""
        assert 2 * REACHED_WITHIN_S < STALL_S

    async def test_does_not_know_when_the_server_breaks_off(self, http: httpx2.AsyncClient) -> None:
        """On a connection that worked before, too, where clients like to try again by themselves."""
        async with outside(lambda n: OK if n == 1 else BREAKS_OFF) as server:
            await exchange(http, "PUT", server.url)
            with pytest.raises(Unknown):
                await exchange(http, "PUT", server.url)

        assert 2 == len(server.heard)

    async def test_does_not_know_when_no_answer_comes_in_time(self, http: httpx2.AsyncClient) -> None:
        """The connection of such a call serves no other: a late answer would be taken for that one's."""
        answers = [NEVER]
        async with outside(lambda _n: answers[-1]) as server:
            with pytest.raises(Unknown):
                await exchange(http, "PUT", server.url, timeout_s=1.0)
            answers.append(OK)
            answer = await exchange(http, "PUT", server.url)

        assert 200 == answer.status_code

    async def test_does_not_know_what_an_answer_means_that_is_no_http(self, http: httpx2.AsyncClient) -> None:
        """Something listens there, and may have done what it was asked."""
        async with outside(lambda _n: b"SSH-2.0-OpenSSH\r\n") as server:
            with pytest.raises(Unknown):
                await exchange(http, "PUT", server.url)

    async def test_follows_nobody_elsewhere(self, http: httpx2.AsyncClient) -> None:
        """A redirect says nothing certain."""
        async with outside(lambda _n: b"HTTP/1.1 307 T\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n") as server:
            with pytest.raises(Unknown):
                await exchange(http, "PUT", server.url)

        assert 1 == len(server.heard)
