"""Access rules of the routes, and the headers that every write takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Response

from shared.contracts.language import Command
from shared.identity import AccessPolicy, Caller, Role
from shared.service.commands import Accepted, Key, Seen, TheService, attribution, envelope_of, submit

_TEAM: Final = frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE, Role.CLINICIAN})
POLICY: AccessPolicy = {
    "read": _TEAM | {Role.OPERATOR},
    "record_decision": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    "verify_coverage": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    "confirm_records_sent": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    "read_message": _TEAM,
    # Physician speaks with physician: the one who had the talk records how it ended.
    "record_peer_to_peer": frozenset({Role.CLINICIAN, Role.LEAD}),
    # The person who lets a visit go ahead without the payer is responsible for it.
    "override": frozenset({Role.CLINICIAN, Role.LEAD}),
    "resubmit": _TEAM,
    "confirm_withdrawal": frozenset({Role.COORDINATOR, Role.LEAD, Role.NURSE}),
    "correct_coverage": frozenset({Role.COORDINATOR, Role.LEAD}),
    "continue_self_pay": frozenset({Role.COORDINATOR, Role.LEAD}),
    "payer_callback": frozenset({Role.PAYER}),
}


@dataclass(frozen=True)
class Sent:
    """How a write came: its idempotency key, the version that the caller has seen, and the Location of the answer."""

    key: Key
    seen: Seen
    service: TheService
    response: Response

    def attribution(self, caller: Caller) -> Mapping[str, Any]:
        """Who asks, when, and how: spread into a command."""
        return attribution(caller, self.service)

    async def submit(self, referral_id: str, command: Command, caller: Caller) -> Accepted:
        """Hand the command over, and say which version holds it. Raises what `Service.execute` raises."""
        return await submit(
            self.service, envelope_of(referral_id, command, caller, self.key, seen=self.seen), self.response
        )


Write = Annotated[Sent, Depends(Sent)]
