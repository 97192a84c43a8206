"""Authorization codes with PKCE (RFC 7636): used once, within a minute, by the client that asked."""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from deploy.issuer.refusals import OAuthRefusal
from deploy.issuer.registry import Client, Person

LIFETIME_S: Final = 60
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class _Grant:
    client_id: str
    person: Person
    redirect_uri: str
    challenge: str
    until: float


class Codes:
    """The codes that were given out and not used yet."""

    def __init__(self, epoch_s: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        self._epoch_s = epoch_s
        self._random_bytes = random_bytes
        self._grants: dict[str, _Grant] = {}

    def give(self, client: Client, person: Person, redirect_uri: str, challenge: str) -> str:
        """A code for the person who was chosen to log in."""
        now = self._epoch_s()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.until > now}
        code = self._random_bytes(32).hex()
        self._grants[code] = _Grant(client.client_id, person, redirect_uri, challenge, now + LIFETIME_S)
        return code

    def take(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Person:
        """The person behind a code, which is then gone. Raises OAuthRefusal."""
        grant = self._grants.pop(code, None)
        if grant is None or grant.until <= self._epoch_s():
            raise OAuthRefusal("invalid_grant")
        is_theirs = (grant.client_id, grant.redirect_uri) == (client.client_id, redirect_uri)
        if not (is_theirs and hmac.compare_digest(challenge_of(verifier), grant.challenge)):
            raise OAuthRefusal("invalid_grant")
        return grant.person


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def check_redirect(client: Client, redirect_uri: str) -> None:
    """Codes go to this machine, on any port (RFC 8252 §7.3), to the registered path. Raises OAuthRefusal."""
    target = urlsplit(redirect_uri)
    is_local = target.scheme == "http" and target.hostname in _LOOPBACK
    if not (is_local and client.redirect_path and target.path == client.redirect_path and not target.fragment):
        raise OAuthRefusal("invalid_request")
