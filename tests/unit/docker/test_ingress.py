import asyncio
import contextlib
import json
import signal
import socket
import struct
import subprocess
import sysconfig
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.ports import free_port
from deploy.platform import registry
from deploy.platform.addresses import DEFAULT_PORTS

FOLDER = Path("deploy/docker/ingress").resolve()
CADDY = Path(sysconfig.get_path("scripts"), "caddy")
"""`make install` brings it."""
LARGE = b"x" * 1_000_000
HEAD_END = b"\r\n\r\n"
PATIENCE_S = 60


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A replica that answers what it is sent, once it has all of it."""
    await reader.readuntil(HEAD_END)
    body = await reader.readexactly(len(LARGE))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A replica that answers at once."""
    await reader.readuntil(HEAD_END)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def ingress(replica_port: int) -> AsyncIterator[tuple[str, Process]]:
    """Where an ingress listens that leads to this port of this machine, and the program that it is."""
    port = free_port()
    site = f"http://:{port} {{\nbind 127.0.0.1\nimport replicas localhost {replica_port}\n}}"
    argv = [str(CADDY), "run", "--adapter", "caddyfile", "--config", "-"]
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stderr=pipe)
    assert program.stdin
    program.stdin.write(f"import {FOLDER}/replicas.caddyfile\n{site}\n".encode())
    program.stdin.close()
    try:
        await listening(port)
        yield f"http://127.0.0.1:{port}", program
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


async def listening(port: int) -> None:
    """Return once somebody listens on the port."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


def port_of(server: asyncio.Server) -> int:
    """Where it listens."""
    return int(server.sockets[0].getsockname()[1])


class TestIngress:
    async def test_passes_on_everything_in_both_directions(self) -> None:
        """A megabyte arrives whole, and so does the answer, also when it begins after the request has ended."""
        replica = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with replica, ingress(port_of(replica)) as (url, _), httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(url, content=LARGE, timeout=PATIENCE_S)

        assert (200, LARGE) == (answer.status_code, answer.content)

    async def test_waits_for_a_replica_that_is_about_to_answer(self) -> None:
        """A request that nobody can take is offered again, for some seconds: replicas come and go."""
        port = free_port()
        async with ingress(port) as (url, _), httpx2.AsyncClient(trust_env=False) as http:
            asking = asyncio.create_task(http.post(url, content=b"an order", timeout=PATIENCE_S))
            await asyncio.wait([asking], timeout=0.5)
            async with await asyncio.start_server(greet, "127.0.0.1", port):
                answer = await asking

        assert (200, "hello") == (answer.status_code, answer.text)

    async def test_says_when_no_replica_answers_and_keeps_the_request_to_itself(self) -> None:
        """The caller hears of it and may try again; the log says that, and not what was asked of whom."""
        async with ingress(free_port()) as (url, program), httpx2.AsyncClient(trust_env=False) as http:
            headers = {"Authorization": "Bearer canary", "X-Person": "canary"}
            answer = await http.post(
                f"{url}/canary?name=canary", content=b"canary", headers=headers, timeout=PATIENCE_S
            )
            program.kill()
            _, log = await program.communicate()

        assert 502 == answer.status_code
        assert b"connection refused" in log
        assert b"canary" not in log

    async def test_tells_the_replica_that_the_caller_has_left(self) -> None:
        """A connection whose caller is gone does not stay behind with the replica."""
        asked, left = asyncio.Event(), asyncio.Event()

        async def wait_for_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(HEAD_END)
            asked.set()
            await reader.read()
            left.set()
            writer.close()

        replica = await asyncio.start_server(wait_for_the_end, "127.0.0.1", 0)
        async with replica, ingress(port_of(replica)) as (url, _), asyncio.timeout(PATIENCE_S):
            _, leaver = await asyncio.open_connection("127.0.0.1", httpx2.URL(url).port)
            leaver.write(b"GET / HTTP/1.1\r\nHost: replica\r\n\r\n")
            await asked.wait()
            reset_not_end = struct.pack("ii", 1, 0)
            leaver.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_not_end)
            leaver.transport.abort()

            await left.wait()

    async def test_ends_at_once_when_it_is_told_to(self) -> None:
        """No request under way holds it up for longer than compose waits."""
        asked = asyncio.Event()

        async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(HEAD_END)
            asked.set()
            await reader.read()
            writer.close()

        replica = await asyncio.start_server(never_answer, "127.0.0.1", 0)
        async with replica, ingress(port_of(replica)) as (url, program), httpx2.AsyncClient(trust_env=False) as http:
            asking = asyncio.create_task(http.get(url, timeout=PATIENCE_S))
            await asked.wait()
            before = time.monotonic()
            program.send_signal(signal.SIGTERM)
            await program.communicate()
            took_s = time.monotonic() - before
            await asyncio.gather(asking, return_exceptions=True)

        assert 0 == program.returncode
        assert took_s < 4


class TestRoutes:
    def test_lead_from_each_documented_port_to_its_service(self) -> None:
        """A service that is added has its port here too."""
        argv = [str(CADDY), "adapt", "--config", str(FOLDER / "Caddyfile")]
        adapted = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)

        found = {}
        for server in adapted["apps"]["http"]["servers"].values():
            [upstreams] = dynamic_upstreams(server)
            found[server["listen"][0]] = (upstreams["name"], upstreams["port"])
        assert {f":{DEFAULT_PORTS[name]}": (name, "8080") for name in registry.names()} == found


def dynamic_upstreams(part: Any) -> list[dict[str, Any]]:
    """Where the routes in this part of the configuration lead, however deep they lie."""
    if isinstance(part, list):
        return [found for each in part for found in dynamic_upstreams(each)]
    if not isinstance(part, dict):
        return []
    own = [part["dynamic_upstreams"]] if "dynamic_upstreams" in part else []
    return own + dynamic_upstreams([value for name, value in part.items() if name != "dynamic_upstreams"])
