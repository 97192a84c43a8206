"""Safe writes over HTTP: If-Match against lost updates, Idempotency-Key against doing a thing twice."""

import hmac
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request

from shared.errors import Stale
from shared.identity import Caller
from shared.web.problems import Malformed

_VERSION: Final = re.compile(r'"([1-9][0-9]{0,15})"')
_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')
_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def if_match(*, required: bool = False) -> Any:
    """Take the version that the caller has seen, or None.

    `seen: Annotated[int | None, if_match()]`
    """

    def version(header: Annotated[str | None, Header(alias="If-Match")] = None) -> int | None:
        if header is None and required:
            raise Malformed(428, "precondition_required", "If-Match with the ETag that was read is required.")
        if header is None or header.strip() == "*":
            return None
        if match := _VERSION.fullmatch(header.strip()):
            return int(match[1])
        if _ETAG.fullmatch(header.strip()):
            raise Stale("stale", "If-Match does not name the newest version.")
        raise Malformed(400, "if_match", "If-Match must be one entity tag, as it was read.")

    return Depends(version)


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

    async def key(
        request: Request, header: Annotated[str | None, Header(alias="Idempotency-Key")] = None
    ) -> IdempotencyKey | None:
        if header is None and not required:
            return None
        match = _KEY.fullmatch(header or "")
        if match is None:
            raise Malformed(400, "idempotency_key", "An Idempotency-Key of 1 to 255 visible characters is required.")
        content = b"\0".join((request.method.encode(), request.url.path.encode(), await request.body()))
        # Keyed with the caller's own secret, so that the kept value reveals nothing about the body.
        return IdempotencyKey(match[1], hmac.new(match[1].encode(), content, sha256).hexdigest())

    return Depends(key)
