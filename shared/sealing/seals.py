"""The one form in which patient data travels: a compact JWE, direct encryption with AES-256-GCM (RFC 7516, RFC 7518).

Written out for this one algorithm, because a library that chooses among all of them takes ten times as long.
Tenants, audiences and what is sealed are the keyring's; no second algorithm and no parser of headers may enter.
"""

import base64
import re
import secrets
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
LARGEST_BYTES: Final = 256 * 1024
"""What a seal may hold before encryption. A fact as a whole is bounded too: this is a fence."""

_FIRST: Final = ":1"
_OPAQUE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")  # nothing that JSON would spell in another way
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
    """A key, and the headers that its seals begin with: each names the referral and the content it was made for.

    The first key of an audience also opens seals of before there was such a binding. Later keys never made any.
    """

    def __init__(self, kid: str, secret: bytes) -> None:
        self.kid = kid
        self.secret = secret
        header = f'{{"alg":"dir","enc":"A256GCM","kid":"{kid}"'
        bound = f'{header},"ref":"'
        whole = len(bound) // 3 * 3  # three bytes are four characters: what stands before them is always spelled alike
        self._begins, self._rest = _encoded(bound[:whole].encode()), bound[whole:]
        self._unbound = _encoded(f"{header}}}".encode()) if kid.endswith(_FIRST) else b""
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, referral_id: str, kind: str) -> str:
        """Encrypt for one referral and kind of content, under a nonce of its own. Raises SealingError when too much."""
        if len(plain) > LARGEST_BYTES:
            refuse("too_large")
        nonce, header = secrets.token_bytes(_NONCE_BYTES), self._header(referral_id, kind)
        sealed = self._cipher.encrypt(nonce, plain, header)
        segments = (nonce, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:])
        return b".".join((header, b"", *map(_encoded, segments))).decode()

    def open(self, sealed: str, referral_id: str, kind: str) -> bytes:
        """Decrypt what `seal` made of the same, to the character. Raises SealingError for all else.

        The header is compared, not read: nothing that a stranger wrote chooses an algorithm, compression or extension.
        """
        try:
            header, wrapped_key, nonce, content, tag = sealed.encode("ascii").split(b".")
            if header not in (self._header(referral_id, kind), self._unbound):
                refuse("moved" if header.startswith(self._begins) else "cannot_open")
            if wrapped_key or len(nonce) != _NONCE_CHARS or len(tag) != _TAG_CHARS or len(content) > _LARGEST_CHARS:
                refuse("cannot_open")
            return self._cipher.decrypt(_decoded(nonce), _decoded(content) + _decoded(tag), header)
        except (InvalidTag, ValueError):
            refuse("cannot_open")

    def made(self, sealed: str) -> bool:
        """Whether it looks like a seal of this key. Whether it is one, only opening tells."""
        header = sealed.partition(".")[0].encode()
        return header.startswith(self._begins) or header == self._unbound != b""

    def _header(self, referral_id: str, kind: str) -> bytes:
        if _OPAQUE.fullmatch(referral_id) is None:
            refuse("no_referral")
        return self._begins + _encoded(f'{self._rest}{referral_id}","cty":"{kind}"}}'.encode())


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(segment: bytes) -> bytes:
    raw = base64.urlsafe_b64decode(segment + b"==")
    # The decoder forgives padding, foreign characters and spare bits. One seal must not be written in two ways.
    if _encoded(raw) != segment:
        refuse("cannot_open")
    return raw
