"""The keys of the five services, dealt out as `deploy.platform.keys` does, and the same in every run.

Who is sent to which office follows from the referral's id, and that from a key: no run may go its own way.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256

from deploy.platform import registry
from shared.sealing import DERIVED, IDENTIFIER, Keyring, Opening, log_opening

TENANTS = ("demo", "other")
TENANT = TENANTS[0]
Audit = Callable[[Opening], None]
"""Is told of each seal that is opened."""


@cache
def keyring(service: str) -> Keyring:
    """The keys of a service."""
    return audited_keyring(service, _unheard)


def audited_keyring(service: str, audit: Audit) -> Keyring:
    """The same keys, in a ring that tells each opening of a seal."""
    return _ring(registry.audiences()[service], audit)


def logged_keyring(service: str) -> Keyring:
    """The same keys, whose openings are logged as a service logs them."""
    return audited_keyring(service, log_opening)


def every_key() -> Keyring:
    """All keys of all services in one ring, for a test that reads and writes for anybody."""
    return _ring({audience for audiences in registry.audiences().values() for audience in audiences}, _unheard)


def _ring(audiences: Iterable[str], audit: Audit) -> Keyring:
    keys = [key_of(f"{tenant}:{audience}:1") for tenant in TENANTS for audience in sorted(audiences)]
    return Keyring({"keys": keys}, audit)


def key_of(kid: str) -> Mapping[str, str]:
    """The key of this name, as its file has it."""
    tenant, kind, number = kid.split(":")
    seed = f"{tenant}:{IDENTIFIER if kind in DERIVED else kind}:{number}"
    secret = base64.urlsafe_b64encode(sha256(seed.encode()).digest()).rstrip(b"=").decode()
    return {"kty": "oct", "kid": kid, "k": secret}


def _unheard(opening: Opening) -> None:
    del opening
