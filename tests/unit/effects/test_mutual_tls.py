"""Who a client certificate says that we are: the connection is made with it, and refused without it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from deploy.local.ports import free_port
from shared.effects import NotTaken, exchange
from shared.effects.transport import AiohttpTransport
from shared.errors import Unknown
from tests.support.certificates import Authority

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts, as an installation is told to: by SSL_CERT_FILE."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    return found


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[tuple[str, list[str]]]:
    """Where a server listens that wants a client's certificate, and whom it served, by the common name."""
    served: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        subject = writer.get_extra_info("peercert")["subject"]
        served.append(subject[0][0][1])
        writer.write(OK)
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port, ssl=context):
        yield f"https://localhost:{port}/", served


async def test_we_are_who_the_certificate_says(authority: Authority, server: tuple[str, list[str]]) -> None:
    """Mutual TLS, by the files that the register names."""
    url, served = server
    async with httpx2.AsyncClient(transport=AiohttpTransport(None, *authority.issue("us"))) as http:
        assert 200 == (await exchange(http, "GET", url)).status_code

    assert ["us"] == served


async def test_without_one_nobody_is_served(server: tuple[str, list[str]]) -> None:
    """And what was refused was not done; TLS 1.3 may say so only after the request was written."""
    url, served = server
    async with httpx2.AsyncClient(transport=AiohttpTransport()) as http:
        with pytest.raises((NotTaken, Unknown)):
            await exchange(http, "GET", url)

    assert [] == served
