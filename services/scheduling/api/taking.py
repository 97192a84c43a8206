"""How a route hands a command over: which id makes a retry the same command, and what is answered."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.scheduling.api.access import KeyIfAny, Seen
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
"""An opaque id."""


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


@dataclass(frozen=True)
class Request:
    """What a request says of itself: an Idempotency-Key, and the version that its caller has seen.

    Taken as a dependency: `request: Annotated[Request, Depends(Request)]`. Without a key, the content of the command
    names it: the same content is the same command, whoever sends it.
    """

    key: KeyIfAny
    seen: Seen

    def envelope(self, referral_id: str, command: Command, caller: Caller, *content: str) -> CommandEnvelope:
        """The command as the engine takes it."""
        name = command_id(referral_id, type(command).__name__, *content)
        return _envelope(referral_id, self.key.command_id(caller) if self.key else name, command, self.key, self.seen)


def envelope_by_key(
    referral_id: str, command: Command, caller: Caller, key: IdempotencyKey, seen: int | None
) -> CommandEnvelope:
    """A command that only the caller's key can name."""
    return _envelope(referral_id, key.command_id(caller), command, key, seen)


def _envelope(
    referral_id: str, id_: str, command: Command, key: IdempotencyKey | None, seen: int | None
) -> CommandEnvelope:
    return CommandEnvelope(
        key=referral_id,
        id=id_,
        command=command,
        fingerprint=key.fingerprint if key else None,
        expected_version=seen,
        traceparent=current_traceparent(),
    )


async def take(service: Service, envelope: CommandEnvelope, response: Response) -> Taken:
    """Hand the command over and say what became of it. Raises what Service.ask raises."""
    outcome = await service.execute(envelope)
    response.headers["ETag"] = etag(outcome.version)
    return Taken(referral_id=envelope.key, version=outcome.version)
