"""The one form in which patient data travels: a compact JWE, direct encryption with AES-256-GCM (RFC 7516, RFC 7518).

Written out for this one algorithm, because a library that chooses among all of them takes ten times as long.
Tenants, audiences and what is sealed are the keyring's; no second algorithm and no parser of headers may enter.
"""

import base64
import json
import secrets
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
LARGEST_BYTES: Final = 256 * 1024
"""What a seal may hold before encryption. A fact as a whole is bounded too: this is a fence."""

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_NONCE_CHARS: Final = 16
_TAG_CHARS: Final = 22
_LARGEST_CHARS: Final = LARGEST_BYTES * 4 // 3 + 4


class SealingError(Exception):
    """A seal that cannot be made or opened. `code` says why; there is never any content in it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Sealing failed: {code}.")
        self.code = code


def refuse(code: str) -> NoReturn:
    """Raise without what led to it, which may hold content."""
    raise SealingError(code) from None


class SealKey:
    """A key, and the one header that its seals begin with."""

    def __init__(self, kid: str, secret: bytes) -> None:
        header = json.dumps({"alg": "dir", "enc": "A256GCM", "kid": kid}, separators=(",", ":"))
        self.kid = kid
        self.secret = secret
        self.header = _encoded(header.encode()).decode()
        self._authenticated = self.header.encode()
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes) -> str:
        """Encrypt under a nonce of its own. Raises SealingError when that is too much."""
        if len(plain) > LARGEST_BYTES:
            refuse("too_large")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, plain, self._authenticated)
        segments = (nonce, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:])
        return b".".join((self._authenticated, b"", *map(_encoded, segments))).decode()

    def open(self, sealed: str) -> bytes:
        """Decrypt what `seal` made, to the character. Raises SealingError for all else.

        The header is compared, not read: nothing that a stranger wrote chooses an algorithm, compression or extension.
        """
        try:
            header, wrapped_key, nonce, content, tag = sealed.encode("ascii").split(b".")
            if header != self._authenticated or wrapped_key:
                refuse("cannot_open")
            if len(nonce) != _NONCE_CHARS or len(tag) != _TAG_CHARS or len(content) > _LARGEST_CHARS:
                refuse("cannot_open")
            return self._cipher.decrypt(_decoded(nonce), _decoded(content) + _decoded(tag), header)
        except (InvalidTag, ValueError):
            refuse("cannot_open")


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(segment: bytes) -> bytes:
    raw = base64.urlsafe_b64decode(segment + b"==")
    # The decoder forgives padding, foreign characters and spare bits. One seal must not be written in two ways.
    if _encoded(raw) != segment:
        refuse("cannot_open")
    return raw
