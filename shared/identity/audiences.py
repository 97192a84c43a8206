"""For whom a token is, and what kind of token it is (RFC 9068): everything about `aud`, `typ`, `client_id` and `azp`.

A person's token may be for several of our services; a program's is for one, so that no service can use elsewhere
what was sent to it.
"""

from collections.abc import Mapping
from typing import Final

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - the type of a token, and no token
"""The `typ` of an access token (RFC 9068 §2.1): an ID token carries another, or none."""
_TYPES: Final = (ACCESS_TOKEN, f"application/{ACCESS_TOKEN}")


def audience_of(service: str) -> str:
    """What one of our services is called in `aud`, unless its installation says otherwise."""
    return f"throughline-{service}"


def check_type(header: Mapping[str, object]) -> None:
    """Raise ValueError unless the header is an access token's. Media types do not differ by case (RFC 2045 §5.1)."""
    kind = header.get("typ")
    if not (isinstance(kind, str) and kind.lower() in _TYPES):
        raise ValueError("typ")


def check_audience(claims: Mapping[str, object], audience: str) -> None:
    """Raise ValueError unless `aud` names us; a program's token (RFC 9068 §2.2: `sub` is the client) nobody else."""
    named = claims.get("aud")
    listed = named if isinstance(named, list) else [named]
    is_programs = claims.get("sub") == client_of(claims)
    if audience not in listed or (is_programs and len(listed) != 1):
        raise ValueError("aud")


def client_of(claims: Mapping[str, object]) -> str:
    """The client that a token was issued to: `client_id`, or `azp` of issuers that know no other name.

    Raises ValueError where there is none, or where the two differ.
    """
    named = {claims[name] for name in ("client_id", "azp") if claims.get(name) is not None}
    client = named.pop() if len(named) == 1 else None
    if not (isinstance(client, str) and client):
        raise ValueError("client_id")
    return client
