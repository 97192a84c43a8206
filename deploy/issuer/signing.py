"""Signs access tokens as RFC 9068 has them, under one issuer's name and key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity import ACCESS_TOKEN


@dataclass(frozen=True)
class Signer:
    """An issuer: its name, its key, and the time."""

    issuer: str
    key: ECKey
    epoch_s: Callable[[], float]
    random_bytes: Callable[[int], bytes]

    async def jwks(self) -> Mapping[str, Any]:
        """The public half of the key."""
        return {"keys": [self.key.as_dict(private=False)]}

    def grant(self, lifetime_s: int, **claims: object) -> dict[str, Any]:
        """The answer that carries a token (RFC 6749 §5.1) which says this."""
        now = int(self.epoch_s())
        said = {"iss": self.issuer, "iat": now, "exp": now + lifetime_s, "jti": self.random_bytes(16).hex(), **claims}
        header = {"alg": "ES384", "kid": self.key.kid, "typ": ACCESS_TOKEN}
        token = jwt.encode(header, said, self.key, algorithms=["ES384"])
        return {"access_token": token, "token_type": "Bearer", "expires_in": lifetime_s}
