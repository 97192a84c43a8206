import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from deploy.local.ports import distinct_ports
from deploy.simulators.sms import text_key
from tests.unit.simulators.served_simulators import KEY, PATIENCE_S, SMS_ACCOUNT, SMS_TOKEN, bearer, until

PROGRAM = Path(__file__).with_name("simulators_to_kill.py")
PATH = f"/2010-04-01/Accounts/{SMS_ACCOUNT}/Messages.json"
TAKEN = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
FORM = {"To": "+15555550123", "From": "+15555550100", "Body": "Invented text"}


@asynccontextmanager
async def running(
    directory: Path, port: int, smtp_port: int
) -> AsyncIterator[tuple[httpx2.AsyncClient, asyncio.subprocess.Process]]:
    """Simulators in a process of their own."""
    environment = os.environ | {"SIMULATORS_STATE_DIRECTORY": str(directory), "SIMULATORS_PORT": str(port)}
    environment |= {"SIMULATORS_SMS_ACCOUNT_SID": SMS_ACCOUNT, "SIMULATORS_SMS_AUTH_TOKEN": SMS_TOKEN}
    environment |= {"SIMULATORS_SMTP_PORT": str(smtp_port), "JWK": json.dumps(KEY.as_dict(private=False))}
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), env=environment | {"PYTHONPATH": str(root)}
    )
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        try:
            await until(lambda: _ready(client))
            yield client, process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _ready(client: httpx2.AsyncClient) -> bool | None:
    try:
        return (await client.get("/readyz")).is_success or None
    except httpx2.HTTPError:
        return None


@asynccontextmanager
async def receiving(port: int, answer: bytes = TAKEN) -> AsyncIterator[list[bytes]]:
    """A service that hears callbacks and remembers them; with an empty answer it leaves the caller waiting."""
    received: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if not answer:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", port):
        yield received


async def send(client: httpx2.AsyncClient, callback_port: int) -> None:
    """Send a text whose status shall be reported to the port."""
    form = FORM | {"StatusCallback": f"http://127.0.0.1:{callback_port}/v1/sms-callbacks"}
    answer = await client.post(PATH, data=form, auth=(SMS_ACCOUNT, SMS_TOKEN))
    assert 201 == answer.status_code


async def kill(process: asyncio.subprocess.Process) -> None:
    """Kill it as the kernel does when memory is short."""
    process.kill()
    assert -signal.SIGKILL == await process.wait()


async def counts_once_taken(client: httpx2.AsyncClient) -> Mapping[str, int]:
    """What is counted of the text, once its callback was taken."""
    path = f"/counts/sms/{text_key(FORM['To'], FORM['Body'])}"

    async def look() -> Mapping[str, int] | None:
        answer = (await client.get(path, headers=bearer("operator"))).json()
        return answer if answer["callbacks_accepted"] else None

    return await until(look)


class TestKill:
    async def test_loses_nothing_that_was_answered(self, tmp_path: Path) -> None:
        """After kill -9 the counts are what they were, and the callback that nobody took yet is made."""
        port, smtp_port, callback_port = distinct_ports(3)

        async with running(tmp_path, port, smtp_port) as (client, process):
            await send(client, callback_port)
            await kill(process)
        async with receiving(callback_port) as received, running(tmp_path, port, smtp_port) as (client, _):
            counts = await counts_once_taken(client)

        assert (1, 1, 1) == (counts["sends"], counts["effects"], counts["callbacks_accepted"])
        assert [b"/v1/sms-callbacks"] == [request.split(b" ")[1] for request in received]

    async def test_makes_the_callback_again_that_was_under_way(self, tmp_path: Path) -> None:
        """Whether a callback was taken cannot be known when its caller dies, so it is made twice and not never."""
        port, smtp_port, callback_port = distinct_ports(3)

        async with (
            receiving(callback_port, answer=b"") as unanswered,
            running(tmp_path, port, smtp_port) as (client, process),
        ):
            await send(client, callback_port)
            await until(lambda: _some(unanswered))
            await kill(process)
        async with receiving(callback_port) as received, running(tmp_path, port, smtp_port) as (client, _):
            counts = await counts_once_taken(client)

        assert (1, 1) == (len(unanswered), len(received))
        assert (1, 2) == (counts["effects"], counts["callbacks_sent"])


async def _some(received: list[bytes]) -> list[bytes] | None:
    return received or None
