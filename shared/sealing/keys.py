"""Which keys are live, of which tenant and kind, and which of them makes what is new. What is made is the keyring's.

A kind is an audience of seals, or a use of derived ids. Of each there may be several keys at once: all of them open and
recognize, one makes. A key that is to make later says when in `nbf`, so that every replica knows it before any uses it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

from joserfc.jwk import OctKey

from shared.sealing.seals import KEY_BYTES, SealKey, refuse

TENANT: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
DERIVED: Final = ("referral-id", "patient-index", "fingerprint", "callback")
"""The kinds that seal nothing: ids of referrals, references, fingerprints, and addresses that are given away."""
IDENTIFIER: Final = "identifier"
"""The one key that did what all of `DERIVED` do, before each had its own. It is live for them, as the oldest."""
JwkSet = Mapping[str, Sequence[Mapping[str, Any]]]

_KID: Final = re.compile(rf"(?P<tenant>{TENANT.pattern}):(?P<kind>[a-z]+(?:-[a-z]+)*):(?P<number>[1-9][0-9]{{0,5}})")
_Owner = tuple[str, str]
Now = Callable[[], float]
"""The machine's time, in seconds since 1970."""


class Keys:
    """The keys of one service. Raises SealingError for a set that holds anything else."""

    def __init__(self, jwk_set: JwkSet, now: Now) -> None:
        self._now = now
        self._all, self._begin = _read(jwk_set)
        self._arrange()

    def live(self, tenant: str, kind: str) -> Sequence[SealKey]:
        """All keys of a kind: first the one that makes what is new, then those before it, then those to come."""
        if self._now() >= self._turns_at:
            self._arrange()
        return self._live.get((tenant, kind), ())

    def tenants(self, kind: str) -> tuple[str, ...]:
        """The tenants for whom there is a key of a kind."""
        return tuple(sorted({tenant for tenant, of in self._live if of == kind}))

    def turning(self, tenant: str, kind: str) -> bool:
        """Whether a key of the kind is known, and not yet in use."""
        return any(self._begin[key.kid] > self._now() for key in self.live(tenant, kind))

    def every(self) -> Sequence[SealKey]:
        """The keys of all tenants and kinds."""
        return self._all

    def _arrange(self) -> None:
        now, live = self._now(), defaultdict[_Owner, list[SealKey]](list)
        for key in sorted(self._all, key=_age, reverse=True):
            tenant, kind, _ = key.kid.split(":")
            for each in DERIVED if kind == IDENTIFIER else (kind,):
                live[tenant, each].append(key)
        self._live = {owner: sorted(keys, key=lambda key: self._begin[key.kid] > now) for owner, keys in live.items()}
        self._turns_at = min((begins for begins in self._begin.values() if begins > now), default=inf)


def mark_of(key: SealKey) -> str:
    """What is derived by a key begins with this: the key's number. What is older than numbers has none."""
    _, kind, number = key.kid.split(":")
    return "" if kind == IDENTIFIER else f"{number}k"


def _age(key: SealKey) -> tuple[bool, int]:
    _, kind, number = key.kid.split(":")
    return kind != IDENTIFIER, int(number)


def _read(jwk_set: JwkSet) -> tuple[list[SealKey], dict[str, float]]:
    keys = [OctKey.import_key(dict(jwk)) for jwk in jwk_set["keys"]]
    if not all(map(_is_ours, keys)):
        refuse("keys_unreadable")
    begin = {str(key.kid): float(jwk.get("nbf", 0)) for key, jwk in zip(keys, jwk_set["keys"], strict=True)}
    return [SealKey(str(key.kid), key.raw_value) for key in keys], begin


def _is_ours(key: OctKey) -> bool:
    named = _KID.fullmatch(key.kid or "")
    if not named or len(key.raw_value) != KEY_BYTES:
        return False
    # What is derived is signed rather than sealed, and key management may say so.
    return named["kind"] in (*DERIVED, IDENTIFIER) or key.get("use", "enc") == "enc"
