"""Who a client certificate says that we are: the connection is made with it, and refused without it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.ports import free_port
from shared.effects import NotTaken, exchange
from shared.effects.transport import AiohttpTransport
from shared.errors import Unknown

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Authority:
    """A private certificate authority, and files that it made."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority")
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self._signed(self._name, self._key.public_key(), is_authority=True)))

    def issue(self, common_name: str) -> tuple[Path, Path]:
        """A certificate of localhost and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self._folder / f"{common_name}.pem", self._folder / f"{common_name}.key"
        certificate.write_bytes(_pem(self._signed(_name(common_name), key.public_key(), is_authority=False)))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


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
