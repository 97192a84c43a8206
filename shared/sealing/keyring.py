"""The keys of one service: what it may seal and open, and the ids that it derives from them.

A service is given the keys of its audiences and no others; every opening is audited. How a seal is written is
`seals`' business. No error raised here holds content.
"""

import base64
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import TypeAdapter, ValidationError

from shared.contracts.sealed import Content
from shared.sealing.openings import Opening, log_opening, log_refusal
from shared.sealing.seals import KEY_BYTES, SealingError, SealKey, refuse

TENANT: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
_KID: Final = re.compile(rf"(?P<tenant>{TENANT.pattern}):(?P<audience>[a-z]+):(?P<number>[1-9][0-9]*)")
_IDENTIFIER: Final = "identifier"
_REFERRAL_ID_CHARS: Final = 26  # 130 bits: nothing can be guessed, and two orders do not meet
_PSEUDONYM_CHARS: Final = 16
_CAPABILITY_CHARS: Final = 32  # 128 bits

Model = TypeVar("Model", bound=Content)
Refused = Callable[[str, str], None]
"""Is told of the audience and the reason, whenever a seal is refused."""
JwkSet = Mapping[str, Sequence[Mapping[str, Any]]]
_JWK_SET: Final[TypeAdapter[JwkSet]] = TypeAdapter(JwkSet)


class Keyring:
    """The keys of one service, `{tenant}:{audience}:{n}`: the highest n seals, all open."""

    def __init__(
        self, jwk_set: JwkSet, audit: Callable[[Opening], None] = log_opening, refused: Refused = log_refusal
    ) -> None:
        self._keys = _keys_by_kid(jwk_set)
        self._live = _live(self._keys)
        self._audit, self._refused = audit, refused

    @classmethod
    def from_file(
        cls, path: Path, audit: Callable[[Opening], None] = log_opening, refused: Refused = log_refusal
    ) -> "Keyring":
        """Read a JWK set of 256-bit `oct` keys. Raises SealingError when it is not one."""
        try:
            return cls(_JWK_SET.validate_json(path.read_bytes()), audit, refused)
        except (OSError, ValueError, KeyError, JoseError):
            refuse("keys_unreadable")

    def seal(self, tenant: str, audience: str, content: Content, *, referral_id: str) -> str:
        """Encrypt for one audience, for this referral alone. Raises SealingError without a key, or when too large."""
        keys = self._live.get((tenant, audience)) or refuse("no_key")
        # An absent field is the default of every sealed model: its null would be paid for in each copy of the seal.
        return keys[0].seal(content.model_dump_json(exclude_none=True).encode(), referral_id, content.sealed_as)

    def open(
        self,
        tenant: str,
        audience: str,
        sealed: str,
        model: type[Model],
        *,
        purpose: str,
        referral_id: str,
        actor_kind: str = "service",
    ) -> Model:
        """Decrypt, audit, return the content.

        Raises SealingError for another tenant or audience, and for what was made for another referral or as another
        kind of content.
        """
        plain = self._opened(tenant, audience, sealed, referral_id, model.sealed_as)
        self._audit(Opening(tenant, audience, purpose, actor_kind, referral_id))
        try:
            return model.model_validate_json(plain)
        except ValidationError:
            refuse("not_this_content")

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

    def _opened(self, tenant: str, audience: str, sealed: str, referral_id: str, kind: str) -> bytes:
        try:
            for key in self._live.get((tenant, audience), ()):
                if key.made(sealed):
                    return key.open(sealed, referral_id, kind)
            refuse("other_audience" if any(key.made(sealed) for key in self._keys.values()) else "cannot_open")
        except SealingError as refused:
            self._refused(audience, refused.code)
            raise

    def _keyed(self, tenant: str, use: str, content: bytes, audience: str = _IDENTIFIER) -> bytes:
        # Always the first key: ids derived from it must not change when audiences rotate theirs.
        key = self._keys.get(f"{tenant}:{audience}:1") or refuse("no_key")
        return hmac.digest(key.secret, use.encode() + b"\0" + content, sha256)


def _keys_by_kid(jwk_set: JwkSet) -> dict[str, SealKey]:
    keys = [OctKey.import_key(dict(jwk)) for jwk in jwk_set["keys"]]
    if not all(map(_is_for_seals, keys)):
        refuse("keys_unreadable")
    return {str(key.kid): SealKey(str(key.kid), key.raw_value) for key in keys}


def _is_for_seals(key: OctKey) -> bool:
    named = _KID.fullmatch(key.kid or "")
    if not named or len(key.raw_value) != KEY_BYTES:
        return False
    # Identifiers are signed rather than sealed, and key management may say so.
    return named["audience"] == _IDENTIFIER or key.get("use", "enc") == "enc"


def _live(keys: Mapping[str, SealKey]) -> dict[tuple[str, str], list[SealKey]]:
    """The keys of each tenant and audience, the newest first."""
    live = defaultdict[tuple[str, str], list[SealKey]](list)
    for kid in sorted(keys, key=lambda kid: int(kid.rpartition(":")[2]), reverse=True):
        tenant, audience, _ = kid.split(":")
        live[tenant, audience].append(keys[kid])
    return dict(live)
