import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from deploy.docker.ingress import IngressSettings, serve
from deploy.local.ports import free_port

LARGE = b"x" * 1_000_000


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A service that answers what it is sent, once the sender has ended."""
    writer.write(await reader.read())
    writer.close()


@asynccontextmanager
async def ingress(target: str) -> AsyncIterator[int]:
    """A port of this machine that leads to the target."""
    port = free_port()
    running = asyncio.create_task(serve(IngressSettings(routes={port: target}, host="127.0.0.1")))
    await listening(port)
    yield port
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def listening(port: int) -> None:
    """Return once somebody listens on the port."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


class TestIngress:
    async def test_passes_on_everything_in_both_directions(self) -> None:
        """A megabyte arrives whole, and so does the answer, also when it begins after the request has ended."""
        replica = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with replica, ingress(f"127.0.0.1:{replica.sockets[0].getsockname()[1]}") as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(LARGE)
            writer.write_eof()

            assert LARGE == await reader.read()
            writer.close()

    async def test_ends_the_connection_when_no_replica_answers(self) -> None:
        """The caller hears at once that nobody is there, and may try again."""
        async with ingress(f"127.0.0.1:{free_port()}") as port, httpx2.AsyncClient(trust_env=False) as http:
            try:
                await http.get(f"http://127.0.0.1:{port}/", timeout=10)
            except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.ConnectError):
                return
            raise AssertionError("Nobody could have answered.")

    async def test_tells_the_replica_that_the_caller_has_left(self) -> None:
        """A connection whose caller is gone does not stay behind with the replica."""
        left = asyncio.Event()

        async def wait_for_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            await reader.read()
            left.set()
            writer.close()

        replica = await asyncio.start_server(wait_for_the_end, "127.0.0.1", 0)
        async with replica, ingress(f"127.0.0.1:{replica.sockets[0].getsockname()[1]}") as port:
            _, leaver = await asyncio.open_connection("127.0.0.1", port)
            leaver.write(b"a request that")
            await leaver.drain()
            reset_not_end = struct.pack("ii", 1, 0)
            leaver.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_not_end)
            leaver.transport.abort()

            async with asyncio.timeout(60):
                await left.wait()
