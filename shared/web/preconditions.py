"""Safe writes over HTTP: If-Match against lost updates, Idempotency-Key against doing a thing twice."""

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final, Protocol, TypeVar, cast

from fastapi import Depends, Header, Request

from shared.errors import Stale
from shared.identity import Caller
from shared.web.problems import Malformed

Rule = TypeVar("Rule", bound=Callable[..., Awaitable[object]])

_VERSION: Final = re.compile(r'"([1-9][0-9]{0,15})"')
_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')
_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


class _Requiring(Protocol):
    requires: str


def requiring(header: str) -> Callable[[Rule], Rule]:
    """Mark a dependency that refuses a request without this header, so that OpenAPI says so (`shared.web.description`).

    The header is optional to FastAPI, whose own refusal would not be in our words.
    """

    def marked(rule: Rule) -> Rule:
        cast("_Requiring", rule).requires = header
        return rule

    return marked


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def if_match(*, required: bool = False) -> Any:
    """Take the version that the caller has seen, or None.

    `seen: Annotated[int | None, if_match()]`
    """

    async def version(header: Annotated[str | None, Header(alias="If-Match")] = None) -> int | None:
        if header is None and required:
            raise Malformed(428, "precondition_required", "If-Match with the ETag that was read is required.")
        if header is None or header.strip() == "*":
            return None
        if match := _VERSION.fullmatch(header.strip()):
            return int(match[1])
        if _ETAG.fullmatch(header.strip()):
            raise Stale("stale", "If-Match does not name the newest version.")
        raise Malformed(400, "if_match", "If-Match must be one entity tag, as it was read.")

    return Depends(requiring("If-Match")(version) if required else version)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's key for one request; `fingerprint` tells whether the same key came with the same request."""

    key: str
    fingerprint: str

    def command_id(self, caller: Caller) -> str:
        """The id of the command: the same caller's same key is the same command."""
        parts = json.dumps([caller.tenant, caller.subject, self.key])
        return f"{caller.tenant}-{sha256(parts.encode()).hexdigest()[:32]}"


def idempotency(*, required: bool = True) -> Any:
    """Take the Idempotency-Key, or None where it may be left out.

    `key: Annotated[IdempotencyKey, idempotency()]`
    """
    return Depends(_required_key if required else _key_if_any)


async def _key_if_any(
    request: Request, header: Annotated[str | None, Header(alias="Idempotency-Key")] = None
) -> IdempotencyKey | None:
    return None if header is None else await _required_key(request, header)


@requiring("Idempotency-Key")
async def _required_key(
    request: Request, header: Annotated[str | None, Header(alias="Idempotency-Key")] = None
) -> IdempotencyKey:
    match = _KEY.fullmatch(header or "")
    if match is None:
        raise Malformed(400, "idempotency_key", "An Idempotency-Key of 1 to 255 visible characters is required.")
    content = b"\0".join((request.method.encode(), request.url.path.encode(), await request.body()))
    # Keyed with the caller's own secret, so that the kept value reveals nothing about the body.
    return IdempotencyKey(match[1], hmac.new(match[1].encode(), content, sha256).hexdigest())
