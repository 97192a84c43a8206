"""Heads of chains, signed: whoever writes a whole chain anew, hashes and all, cannot sign where it was a minute ago.

A head names its chain, and its key the service: no service can sign for the chain of another. Where heads are kept is
said elsewhere.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.audit.chain import Head, canonical
from shared.audit.record import as_text

ALGORITHM: Final = "ES384"
PREFIX: Final = "access:"


class Unsigned(Exception):
    """A head that none of our services signed. What it says is not repeated."""


def kid_of(service: str, number: int = 1) -> str:
    """What the key of a service is called, by which it signs heads."""
    return f"{PREFIX}{service}:{number}"


class Signer:
    """Signs the heads of one service's chains."""

    def __init__(self, key: ECKey) -> None:
        self._key = key

    @classmethod
    def from_file(cls, path: Path) -> "Signer":
        """Read a private JWK. Raises OSError, or ValueError for anything else; neither says what the file holds."""
        try:
            key = ECKey.import_key(json.loads(path.read_bytes()))
        except (JoseError, ValueError, TypeError, KeyError):
            raise ValueError(f"{path.name} holds no private EC key.") from None
        if not key.is_private or not (key.kid or "").startswith(PREFIX):
            raise ValueError(f"{path.name} holds no private EC key that is called {PREFIX}….")
        return cls(key)

    def sign(self, head: Head, at: datetime) -> str:
        """The head as a compact JWS."""
        said = {"chain": head.chain, "number": head.number, "hash": head.hash, "at": as_text(at)}
        header = {"alg": ALGORITHM, "kid": self._key.kid}
        return str(jws.serialize_compact(header, canonical(said), self._key, algorithms=[ALGORITHM]))


def public_keys(jwk_set: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, ECKey]:
    """The keys by which heads are believed, by kid."""
    keys = [ECKey.import_key(dict(jwk)) for jwk in jwk_set["keys"]]
    return {str(key.kid): key for key in keys}


def signed_head(signed: str, keys: Mapping[str, ECKey]) -> Head:
    """The head that a service of ours signed for a chain of its own. Raises Unsigned."""
    try:
        kid = str(jws.extract_compact(signed.encode()).protected["kid"])
        said = json.loads(jws.deserialize_compact(signed, keys[kid], algorithms=[ALGORITHM]).payload)
        head = Head(str(said["chain"]), int(said["number"]), str(said["hash"]))
    except (JoseError, ValueError, KeyError, TypeError):
        raise Unsigned from None
    if head.chain.rpartition("-")[0] != kid.split(":")[1]:
        raise Unsigned
    return head
