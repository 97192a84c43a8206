"""The way in from this machine: one port per service, however many replicas are behind it.

A published port belongs to one container, so services that may be scaled publish none. It passes bytes on, and
knows nothing of what they say.
"""

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from functools import partial

from pydantic_settings import BaseSettings

from shared.settings import read_from

_CHUNK = 65_536


class IngressSettings(BaseSettings):
    """`routes` is JSON: the port to listen on, and the host:port behind it. A name of several replicas takes turns."""

    model_config = read_from("INGRESS_")

    routes: Mapping[int, str]
    host: str = "0.0.0.0"  # noqa: S104 - of the container


async def serve(settings: IngressSettings) -> None:
    """Listen on every port until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    for port, target in settings.routes.items():
        await asyncio.start_server(partial(_pass_on, target), settings.host, port)
    await stop.wait()


async def _pass_on(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect to whichever replica answers, and pass bytes both ways until the replica has ended."""
    host, _, port = target.rpartition(":")
    try:
        from_replica, to_replica = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.transport.abort()
        return
    asking = asyncio.create_task(_pump(reader, to_replica))
    try:
        await _pump(from_replica, writer)
    finally:
        asking.cancel()
        to_replica.close()
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):  # also for a side that was reset
        writer.write_eof()


if __name__ == "__main__":
    asyncio.run(serve(IngressSettings()))
