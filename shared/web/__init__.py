"""The HTTP door's kit: the app with its health and limits, bodies, preconditions, and problems that echo nothing."""

from shared.web.app import Check, create_app
from shared.web.bodies import body, raw_body
from shared.web.flaws import Flaw, broken
from shared.web.preconditions import IdempotencyKey, etag, idempotency, if_match
from shared.web.problems import Malformed, issues_of

__all__ = [
    "Check",
    "Flaw",
    "IdempotencyKey",
    "Malformed",
    "body",
    "broken",
    "create_app",
    "etag",
    "idempotency",
    "if_match",
    "issues_of",
    "raw_body",
]
