"""Which answers are on record, and as what: every answer to somebody whom we know, before it leaves.

Refusals of strangers are counted by minute and address, since anybody can make as many as he likes. What is open to
all, such as health, shows nothing about anybody and leaves no record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Scope

from shared.audit import Access, AccessRecord, Recorder
from shared.audit.record import outcome_of

_REFUSALS: Final = range(400, 500)


@dataclass(frozen=True)
class Requests:
    """What is put on record of requests; without a recorder, which every service has, nothing.

    `templates` gives the route template of an endpoint.
    """

    recorder: Recorder | None
    templates: Mapping[Any, str | None]

    def route(self, scope: Scope) -> str:
        """The template of the route that serves a request."""
        return self.templates.get(scope.get("endpoint")) or "unmatched"

    async def put_on_record(self, scope: Scope, access: Access, request_id: str, status: int) -> None:
        """Before an answer leaves. Raises Unavailable: then it may not."""
        if self.recorder is None:
            return
        if not access.is_by_somebody:
            self.turned_away(scope, status)
            return
        await self.recorder.write(
            AccessRecord(
                kind="request",
                at=self.recorder.now(),
                service=self.recorder.service,
                outcome=outcome_of(status),
                tenant=access.tenant,
                subject=access.subject,
                roles=tuple(access.roles),
                client=access.client,
                party=access.party,
                address=_address(scope),
                method=scope["method"],
                route=self.route(scope),
                purpose=access.purpose,
                referrals=tuple(access.referrals),
                patient_ref=access.patient_ref,
                opened=tuple(access.opened),
                recipient=access.recipient,
                status=status,
                request_id=request_id,
            )
        )

    def turned_away(self, scope: Scope, status: int) -> None:
        """Count a refusal of somebody whom we do not know."""
        if self.recorder and status in _REFUSALS:
            self.recorder.refused(_address(scope), status)


def _address(scope: Scope) -> str:
    """The address that called: behind a proxy that uvicorn is told to trust, the one that the proxy names."""
    client = scope.get("client")
    return str(client[0]) if client else ""
