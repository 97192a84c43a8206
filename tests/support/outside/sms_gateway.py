"""An SMS gateway by Twilio's convention: it answers as told, refers to each message, and signs its receipts."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from urllib.parse import parse_qs, urlencode

import httpx2

SID = "SM0123456789abcdef0123456789abcdef"


@dataclass
class Twilio:
    """Answers as told, and keeps what it was asked."""

    status: int = 201
    content: bytes = b'{"sid": "%s", "status": "queued"}' % SID.encode()
    error: Exception | None = None
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        self.requests.append(request)
        if self.error:
            raise self.error
        return httpx2.Response(self.status, content=self.content)

    @property
    def form(self) -> dict[str, str]:
        """The form of the only request."""
        assert 1 == len(self.requests)
        return {name: values[0] for name, values in parse_qs(self.requests[0].content.decode()).items()}


def message_sid(message: str) -> str:
    """The gateway's reference to a message."""
    return f"SM{sha256(message.encode()).hexdigest()[:32]}"


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """What the gateway signs with: URL, then each name and value in the order of names."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), sha1)).decode()


def receipt(token: str, url: str, form: Mapping[str, str]) -> httpx2.Request:
    """A receipt, as it is posted."""
    headers = {
        "X-Twilio-Signature": signature(token, url, form),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return httpx2.Request("POST", url, content=urlencode(form).encode(), headers=headers)
