"""OAuth errors (RFC 6749 §5.2; RFC 8707 §2 adds a target): a code, and nothing about the cause."""

from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse

Word = Literal[
    "invalid_request", "invalid_client", "invalid_grant", "invalid_target", "unsupported_grant_type", "access_denied"
]


class OAuthRefusal(Exception):
    """A request for a token that is not granted."""

    def __init__(self, word: Word) -> None:
        super().__init__(f"Refused: {word}.")
        self.word = word


async def answer_refusal(_request: Request, refusal: OAuthRefusal) -> JSONResponse:
    """The OAuth error response."""
    status = 401 if refusal.word == "invalid_client" else 400
    return JSONResponse({"error": refusal.word}, status_code=status, headers={"Pragma": "no-cache"})
