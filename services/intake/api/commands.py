"""How a route hands a command over: which id makes a retry the same command, and what is answered."""

from typing import Annotated, Final

from fastapi import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.contracts.language import Command, Reason
from shared.engine import CommandEnvelope
from shared.engine.commands import command_id
from shared.identity import Caller
from shared.service import Service
from shared.telemetry import current_traceparent
from shared.web import IdempotencyKey, etag

CONTRACT: Final = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)
"""Our own contract: nothing is guessed, unknown members are refused."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$")]
"""An opaque id of another system; it becomes part of addresses."""


class OwnReason(BaseModel):
    """Why, as a code of a named system; never free text, in which patient data would travel."""

    model_config = CONTRACT

    system: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
    code: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]

    @property
    def reason(self) -> Reason:
        """In our words."""
        return Reason(**dict(self))


class Taken(BaseModel):
    """What was asked for has been taken in; `version` is the one that holds it."""

    referral_id: str
    version: int


def envelope_of(
    referral_id: str, command: Command, key: IdempotencyKey, caller: Caller, seen: int | None = None
) -> CommandEnvelope:
    """A command under the caller's Idempotency-Key, on the version that the caller has seen, if any."""
    return CommandEnvelope(
        key=referral_id,
        id=key.command_id(caller),
        command=command,
        fingerprint=key.fingerprint,
        expected_version=seen,
        traceparent=current_traceparent(),
    )


def envelope_by_content(referral_id: str, command: Command, *content: str) -> CommandEnvelope:
    """A command that its own content names: the same content is the same command, whoever sends it."""
    id_ = command_id(referral_id, type(command).__name__, *content)
    return CommandEnvelope(key=referral_id, id=id_, command=command, traceparent=current_traceparent())


async def take(service: Service, envelope: CommandEnvelope, response: Response) -> Taken:
    """Hand the command over and say what became of it. Raises what Service.ask raises."""
    outcome = await service.execute(envelope)
    response.headers["ETag"] = etag(outcome.version)
    return Taken(referral_id=envelope.key, version=outcome.version)
