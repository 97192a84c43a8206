"""A resource at another system, under an id of ours: PUT creates it, GET asks for it, DELETE withdraws it.

What an answer means to an effect is said here once, for all gateways that speak so.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx2

from shared.effects.clients import Clients
from shared.effects.http import NotTaken
from shared.errors import Unknown
from shared.parties import Party
from shared.ports import Act, Answer, AnswerWord, Call

METHODS: Final[Mapping[Act, str]] = {"send": "PUT", "ask": "GET", "withdraw": "DELETE"}
NOT_FOUND: Final[Mapping[Act, AnswerWord]] = {"send": "not_taken", "ask": "absent", "withdraw": "nothing"}
"""What 404 means to each act."""
CERTAINLY_NOT: Final = (400, 401, 403, 405, 409, 413, 415, 422)
"""Statuses by which a system says that a request had no effect."""


async def request(
    clients: Clients,
    party: Party | None,
    call: Call,
    base_url: str,
    path: str,
    body: Mapping[str, object] | None,
    *,
    timeout_s: float,
) -> httpx2.Response | Answer:
    """Make the call on the resource at `path`; only a send carries the body.

    Return the response, or what one means that says nothing more: not taken, or not found. Raises Unknown on silence.
    """
    content = {"json": body} if call.act == "send" else {}
    how: dict[str, Any] = {"timeout_s": timeout_s, "not_taken": CERTAINLY_NOT}
    try:
        response = await clients.exchange(party, METHODS[call.act], base_url, path, **how, **content)
    except NotTaken as error:
        return Answer("not_taken", retry_after_s=error.retry_after_s)
    return Answer(NOT_FOUND[call.act]) if response.status_code == HTTPStatus.NOT_FOUND else response


def read(response: httpx2.Response, id_field: str, id_: str) -> Mapping[str, object]:
    """The members of an answer about this resource. Raises Unknown for an answer about something else."""
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get(id_field) != id_:
        raise Unknown("An answer about something else.")
    return found
