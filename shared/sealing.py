"""Patient data is sealed once, for one audience, and opened only where it is used (ADR 6).

A seal is a compact JWE (dir, A256GCM) under a key of one tenant and one audience. A service is given the keys
of its audiences and no others; every opening is audited. No error raised here holds content.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import structlog
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry, decrypt_compact, encrypt_compact
from joserfc.jwk import OctKey
from prometheus_client import Counter
from pydantic import BaseModel, TypeAdapter, ValidationError

TENANT: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
LARGEST_BYTES: Final = 256 * 1024
"""What a seal may hold before encryption. A fact as a whole is bounded too: this is a fence."""

_KID: Final = re.compile(rf"(?P<tenant>{TENANT.pattern}):(?P<audience>[a-z]+):(?P<number>[1-9][0-9]*)")
_IDENTIFIER: Final = "identifier"
_KEY_BYTES: Final = 32
_REFERRAL_ID_CHARS: Final = 26  # 130 bits: nothing can be guessed, and two orders do not meet
_PSEUDONYM_CHARS: Final = 16
_CAPABILITY_CHARS: Final = 32  # 128 bits

Model = TypeVar("Model", bound=BaseModel)
JwkSet = Mapping[str, Sequence[Mapping[str, Any]]]
_JWK_SET: Final[TypeAdapter[JwkSet]] = TypeAdapter(JwkSet)


class SealingError(Exception):
    """A seal that cannot be made or opened. `code` says why; there is never any content in it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Sealing failed: {code}.")
        self.code = code


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a seal, for the audit: who (`actor_kind`) read what kind of data, and why."""

    tenant: str
    audience: str
    purpose: str
    actor_kind: str
    referral_id: str | None


def log_opening(opening: Opening) -> None:
    """The default audit: one log line."""
    structlog.get_logger().info(
        "seal opened",
        tenant=opening.tenant,
        audience=opening.audience,
        purpose=opening.purpose,
        actor_kind=opening.actor_kind,
        referral_id=opening.referral_id,
    )


def counting(openings: Counter) -> Callable[[Opening], None]:
    """An audit that also counts openings by audience."""

    def audit(opening: Opening) -> None:
        openings.labels(opening.audience).inc()
        log_opening(opening)

    return audit


class Keyring:
    """The keys of one service, `{tenant}:{audience}:{n}`: the highest n seals, all open."""

    def __init__(self, jwk_set: JwkSet, audit: Callable[[Opening], None] = log_opening) -> None:
        self._keys = _keys_by_kid(jwk_set)
        self._newest = _newest(self._keys)
        self._audit = audit

    @classmethod
    def from_file(cls, path: Path, audit: Callable[[Opening], None] = log_opening) -> "Keyring":
        """Read a JWK set of 256-bit `oct` keys. Raises SealingError when it is not one."""
        try:
            return cls(_JWK_SET.validate_json(path.read_bytes()), audit)
        except (OSError, ValueError, KeyError, JoseError):
            _refuse("keys_unreadable")

    def seal(self, tenant: str, audience: str, content: BaseModel) -> str:
        """Encrypt for one audience of one tenant. Raises SealingError without a key, or when too large."""
        kid = self._newest.get((tenant, audience)) or _refuse("no_key")
        # An absent field is the default of every sealed model: its null would be paid for in each copy of the seal.
        plain = content.model_dump_json(exclude_none=True).encode()
        if len(plain) > LARGEST_BYTES:
            _refuse("too_large")
        return encrypt_compact({"alg": "dir", "enc": "A256GCM", "kid": kid}, plain, self._keys[kid], registry=_REGISTRY)

    def open(
        self,
        tenant: str,
        audience: str,
        sealed: str,
        model: type[Model],
        *,
        purpose: str,
        actor_kind: str = "service",
        referral_id: str | None = None,
    ) -> Model:
        """Decrypt, audit, return the content. Raises SealingError for another tenant, audience or shape."""
        plain = self._decrypt(tenant, audience, sealed)
        self._audit(Opening(tenant, audience, purpose, actor_kind, referral_id))
        try:
            return model.model_validate_json(plain)
        except ValidationError:
            _refuse("not_this_content")

    def referral_id(self, tenant: str, source_system: str, order_number: str) -> str:
        """The same order by any door is the same referral: `{tenant}-{26 characters}`, not to be guessed."""
        digest = self._keyed(tenant, "referral", json.dumps([source_system, order_number]).encode())
        return f"{tenant}-{base64.b32encode(digest).decode().lower()[:_REFERRAL_ID_CHARS]}"

    def blind_index(self, tenant: str, value: str) -> str:
        """What a search compares instead of `value`. The caller normalizes: equality is all that is left."""
        return self._keyed(tenant, "index", value.encode()).hex()

    def fingerprint(self, tenant: str, content: bytes) -> str:
        """Tells the same content from other content without keeping it."""
        return self._keyed(tenant, "fingerprint", content).hex()

    def pseudonym(self, tenant: str, audience: str, text: str) -> str:
        """What may be said in the open in place of a text from a seal: the same for the same text of a tenant."""
        return self._keyed(tenant, "pseudonym", text.encode(), audience).hex()[:_PSEUDONYM_CHARS]

    def capability(self, tenant: str, audience: str, *about: str) -> str:
        """The part of an address that only whom we gave it to can know: for this act about this object alone."""
        return self._keyed(tenant, "capability", json.dumps(about).encode(), audience).hex()[:_CAPABILITY_CHARS]

    def is_capability(self, shown: str, tenant: str, audience: str, *about: str) -> bool:
        """Whether this is that part, in constant time. A tenant without keys has given none away."""
        if f"{tenant}:{audience}:1" not in self._keys:
            return False
        return hmac.compare_digest(shown.encode(), self.capability(tenant, audience, *about).encode())

    def _decrypt(self, tenant: str, audience: str, sealed: str) -> bytes:
        try:
            kid = str(json.loads(_unpadded(sealed.partition(".")[0]))["kid"])
            if kid.rpartition(":")[0] != f"{tenant}:{audience}":
                _refuse("other_audience")
            plain = decrypt_compact(sealed, self._keys[kid], registry=_REGISTRY).plaintext
        except (JoseError, ValueError, KeyError, TypeError, AssertionError):
            _refuse("cannot_open")
        return plain or b""

    def _keyed(self, tenant: str, use: str, content: bytes, audience: str = _IDENTIFIER) -> bytes:
        # The first key for ever: ids derived from it must not change when audiences rotate theirs.
        key = self._keys.get(f"{tenant}:{audience}:1") or _refuse("no_key")
        return hmac.digest(key.raw_value, use.encode() + b"\0" + content, sha256)


def _registry() -> JWERegistry:
    """As joserfc's, which would seal more than 48 KiB and then refuse to open it."""
    registry = JWERegistry(algorithms=["dir", "A256GCM"])
    registry.max_ciphertext_length = LARGEST_BYTES * 4 // 3 + 4
    return registry


_REGISTRY: Final = _registry()


def _keys_by_kid(jwk_set: JwkSet) -> dict[str, OctKey]:
    keys = [OctKey.import_key(dict(jwk)) for jwk in jwk_set["keys"]]
    if any(len(key.raw_value) != _KEY_BYTES or not _KID.fullmatch(key.kid or "") for key in keys):
        _refuse("keys_unreadable")
    return {str(key.kid): key for key in keys}


def _newest(kids: Mapping[str, OctKey]) -> dict[tuple[str, str], str]:
    parts = sorted((kid.split(":") for kid in kids), key=lambda part: int(part[2]))
    return {(tenant, audience): f"{tenant}:{audience}:{number}" for tenant, audience, number in parts}


def _unpadded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _refuse(code: str) -> NoReturn:
    raise SealingError(code) from None
