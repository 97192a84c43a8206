"""The keys of one service: what it may seal and open, and the ids that it derives from them.

A service is given the keys of its audiences and no others; every opening is audited. How a seal is written is
`seals`' business. No error raised here holds content.
"""

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from joserfc.errors import JoseError
from pydantic import TypeAdapter, ValidationError

from shared.contracts.sealed import Content
from shared.sealing.keys import JwkSet, Keys, Now, mark_of
from shared.sealing.openings import Opening, log_opening, log_refusal
from shared.sealing.seals import SealingError, SealKey, refuse

_REFERRAL_ID_CHARS: Final = 26  # 130 bits: nothing can be guessed, and two orders do not meet
_PSEUDONYM_CHARS: Final = 16
_CAPABILITY_CHARS: Final = 32  # 128 bits

Model = TypeVar("Model", bound=Content)
Refused = Callable[[str, str], None]
"""Is told of the audience and the reason, whenever a seal is refused."""
_JWK_SET: Final[TypeAdapter[JwkSet]] = TypeAdapter(JwkSet)


def _no_time() -> float:
    """Where no time is told, no key begins later."""
    return 0.0


class Keyring:
    """The keys of one service, `{tenant}:{kind}:{n}`: all open and recognize, one of each kind makes what is new."""

    def __init__(
        self,
        jwk_set: JwkSet,
        audit: Callable[[Opening], None] = log_opening,
        refused: Refused = log_refusal,
        now: Now = _no_time,
    ) -> None:
        self._now = now
        self._keys = Keys(jwk_set, now)
        self._audit, self._refused = audit, refused

    @classmethod
    def from_file(
        cls,
        path: Path,
        audit: Callable[[Opening], None] = log_opening,
        refused: Refused = log_refusal,
        now: Now = _no_time,
    ) -> "Keyring":
        """Read a JWK set of 256-bit `oct` keys. Raises SealingError when it is not one."""
        ring = cls({"keys": []}, audit, refused, now)
        ring.read(path)
        return ring

    def read(self, path: Path) -> None:
        """Take the keys of a file instead of those that are here. Raises SealingError, and keeps these, if not."""
        try:
            self._keys = Keys(_JWK_SET.validate_json(path.read_bytes()), self._now)
        except (OSError, ValueError, KeyError, JoseError):
            refuse("keys_unreadable")

    def seal(self, tenant: str, audience: str, content: Content, *, referral_id: str) -> str:
        """Encrypt for one audience, for this referral alone. Raises SealingError without a key, or when too large."""
        keys = self._keys.live(tenant, audience) or refuse("no_key")
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

    def tenants(self, audience: str) -> tuple[str, ...]:
        """The tenants for whom there is a key of this audience."""
        return self._keys.tenants(audience)

    def referral_id(self, tenant: str, source_system: str, order_number: str) -> str:
        """The same order by any door is the same referral: `{tenant}-{26 characters}`, not to be guessed."""
        return self.referral_ids(tenant, source_system, order_number)[0]

    def referral_ids(self, tenant: str, source_system: str, order_number: str) -> tuple[str, ...]:
        """Every id that the order may have, by each live key: an id never changes. First the one that is given now."""
        content = json.dumps([source_system, order_number]).encode()
        digests = [_digest(key, "referral", content) for key in self._for(tenant, "referral-id")]
        return tuple(f"{tenant}-{base64.b32encode(each).decode().lower()[:_REFERRAL_ID_CHARS]}" for each in digests)

    def gives_other_ids_soon(self, tenant: str) -> bool:
        """Whether some replica may give referrals ids by a key that is not in use here yet, or the other way round."""
        return self._keys.turning(tenant, "referral-id")

    def blind_indexes(self, tenant: str, value: str) -> tuple[str, ...]:
        """What a search compares instead of `value`, by each live key, whose number each begins with.

        First the one to keep. The caller normalizes: equality is all that is left.
        """
        keys = self._for(tenant, "patient-index")
        return tuple(mark_of(key) + _digest(key, "index", value.encode()).hex() for key in keys)

    def fingerprints(self, tenant: str, content: bytes) -> tuple[str, ...]:
        """Tell the same content from other content without keeping it, by each live key; first the one to keep."""
        keys = self._for(tenant, "fingerprint")
        return tuple(mark_of(key) + _digest(key, "fingerprint", content).hex() for key in keys)

    def pseudonym(self, tenant: str, audience: str, text: str) -> str:
        """What may be said in the open in place of a text from a seal: the same for the same text of a tenant.

        By the oldest live key: a payer is not called otherwise because its audience got another key.
        """
        oldest = min(self._for(tenant, audience), key=lambda key: int(key.kid.rpartition(":")[2]))
        return _digest(oldest, "pseudonym", text.encode()).hex()[:_PSEUDONYM_CHARS]

    def capability(self, tenant: str, audience: str, *about: str) -> str:
        """The part of an address that only whom we gave it to can know: for this act about this object alone."""
        return _capability(self._for(tenant, audience)[0], about)

    def is_capability(self, shown: str, tenant: str, audience: str, *about: str) -> bool:
        """Whether this is that part by a live key, in constant time. A tenant without keys has given none away."""
        given = [_capability(key, about).encode() for key in self._keys.live(tenant, audience)]
        return any([hmac.compare_digest(shown.encode(), each) for each in given])  # noqa: C419 - all are compared

    def _opened(self, tenant: str, audience: str, sealed: str, referral_id: str, kind: str) -> bytes:
        try:
            for key in self._keys.live(tenant, audience):
                if key.made(sealed):
                    return key.open(sealed, referral_id, kind)
            refuse("other_audience" if any(key.made(sealed) for key in self._keys.every()) else "cannot_open")
        except SealingError as refused:
            self._refused(audience, refused.code)
            raise

    def _for(self, tenant: str, kind: str) -> Sequence[SealKey]:
        return self._keys.live(tenant, kind) or refuse("no_key")


def _capability(key: SealKey, about: tuple[str, ...]) -> str:
    return _digest(key, "capability", json.dumps(about).encode()).hex()[:_CAPABILITY_CHARS]


def _digest(key: SealKey, use: str, content: bytes) -> bytes:
    return hmac.digest(key.secret, use.encode() + b"\0" + content, sha256)
