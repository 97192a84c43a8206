"""Who may use which route, and how a write comes in and goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Response
from pydantic import BaseModel

from shared.contracts.language import Command
from shared.engine import CommandEnvelope
from shared.identity import AccessPolicy, Caller, Role
from shared.service import Service, the_service
from shared.web import IdempotencyKey, etag, idempotency, if_match

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
POLICY: AccessPolicy = {
    "read": _TEAM | {Role.OPERATOR},
    "record_decision": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    # Whoever lets a visit go ahead without the payer answers for it.
    "override": frozenset({Role.CLINICIAN, Role.LEAD}),
    "resubmit": _TEAM,
    "confirm_withdrawal": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    "correct_coverage": frozenset({Role.COORDINATOR, Role.LEAD}),
    "continue_self_pay": frozenset({Role.COORDINATOR, Role.LEAD}),
    "payer_callback": frozenset({Role.PAYER}),
}
TheService = Annotated[Service, Depends(the_service)]


class Taken(BaseModel):
    """What was asked for has been taken in; `version` is the one that holds it."""

    referral_id: str
    version: int


@dataclass(frozen=True)
class Sent:
    """How a write came: under which key, on which version that the caller has seen, and where the answer goes."""

    key: Annotated[IdempotencyKey, idempotency()]
    seen: Annotated[int | None, if_match()]
    service: TheService
    response: Response

    def payload(self, caller: Caller) -> Mapping[str, Any]:
        """Who asks, when, and how: spread into a command."""
        return {"at": self.service.now(), "by": caller.actor, "channel": "api"}

    async def take(self, referral_id: str, command: Command, caller: Caller) -> Taken:
        """Hand the command over and say what became of it. Raises what Service.ask raises."""
        envelope = CommandEnvelope(
            key=referral_id,
            id=self.key.command_id(caller),
            command=command,
            fingerprint=self.key.fingerprint,
            expected_version=self.seen,
        )
        outcome = await self.service.execute(envelope)
        self.response.headers["ETag"] = etag(outcome.version)
        return Taken(referral_id=referral_id, version=outcome.version)


Write = Annotated[Sent, Depends(Sent)]
