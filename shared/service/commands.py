"""How a route hands a command over: who asks, which id makes a retry the same command, and what is answered.

Every service writes its routes with these. No rule of a domain is here.
"""

from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.contracts.language import Channel, Command, Reason
from shared.engine import CommandEnvelope
from shared.engine.commands import command_id
from shared.identity import Caller
from shared.service.runtime import Service
from shared.web import IdempotencyKey, etag, idempotency, if_match

CONTRACT: Final = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)
"""Our own contract: nothing is guessed, unknown members are refused."""


async def the_service(request: Request) -> Service:
    """The running service, as a dependency of routes, on time. Raises Unavailable before the clock was read."""
    service: Service = request.app.state.service
    await service.clock.refresh()
    return service


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$")]
"""An opaque id of another system; it becomes part of addresses."""
TheService = Annotated[Service, Depends(the_service)]
Key = Annotated[IdempotencyKey, idempotency()]
"""The Idempotency-Key of a request that needs one."""
KeyIfAny = Annotated[IdempotencyKey | None, idempotency(required=False)]
Seen = Annotated[int | None, if_match()]
"""The version that the caller has seen (If-Match), if it says so."""


class ReasonIn(BaseModel):
    """Why, as a code of a named system; never free text, in which patient data would travel."""

    model_config = CONTRACT

    system: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
    code: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]

    @property
    def reason(self) -> Reason:
        """In our words."""
        return Reason(**dict(self))


class Accepted(BaseModel):
    """What was asked for has been accepted; `version` is the one that holds it."""

    referral_id: str
    version: int


def attribution(caller: Caller, service: Service, channel: Channel = "api") -> dict[str, Any]:
    """Who asks, when, and how: spread into a command."""
    return {"at": service.now(), "by": caller.actor, "channel": channel}


def envelope_of(
    referral_id: str,
    command: Command,
    caller: Caller,
    key: IdempotencyKey | None,
    *content: str,
    seen: int | None = None,
) -> CommandEnvelope:
    """A command under the caller's Idempotency-Key, on the version that the caller has seen, if any.

    Without a key its content names it: the same content is the same command, whoever sends it.
    """
    return CommandEnvelope(
        key=referral_id,
        id=key.command_id(caller) if key else command_id(referral_id, type(command).__name__, *content),
        command=command,
        fingerprint=key.fingerprint if key else None,
        expected_version=seen,
    )


async def submit(service: Service, envelope: CommandEnvelope, response: Response) -> Accepted:
    """Hand the command over, and say which version holds it. Raises what `Service.execute` raises."""
    outcome = await service.execute(envelope)
    response.headers["ETag"] = etag(outcome.version)
    return Accepted(referral_id=envelope.key, version=outcome.version)
