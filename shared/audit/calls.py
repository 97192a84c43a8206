"""Calls to somebody outside, on record: to whom, about which referral, what for, and which seals were opened for it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.audit.current import Access, observed
from shared.audit.record import AccessRecord, Outcome
from shared.audit.recorder import Recorder
from shared.contracts.language import tenant_of
from shared.errors import Unavailable
from shared.ports import Answer, Call, Gateway, Traits


@dataclass(frozen=True)
class RecordedGateway:
    """A gateway whose calls are on record before their answers are folded. One that reaches nobody leaves no record."""

    gateway: Gateway
    recorder: Recorder

    @property
    def traits(self) -> Traits:
        """What the system behind it promises."""
        return self.gateway.traits

    async def call(self, call: Call, state: Any, now: datetime) -> Answer:
        """Make the call. What has left cannot be called back: a store that is away gets its record when it is back."""
        with observed() as access:
            outcome: Outcome = "failed"
            try:
                answer = await self.gateway.call(call, state, now)
                outcome = "failed" if answer.word == "not_taken" else "allowed"
            finally:
                told = self.recorder.note(self._record(call, access, outcome)) if _reached(access) else None
        if told:
            with suppress(Unavailable):
                await told
        return answer

    def _record(self, call: Call, access: Access, outcome: Outcome) -> AccessRecord:
        return AccessRecord(
            kind="call",
            at=self.recorder.now(),
            service=self.recorder.service,
            outcome=outcome,
            tenant=tenant_of(call.aggregate_id),
            subject=self.recorder.service,
            method=call.act,
            purpose=call.kind,
            referrals=(call.aggregate_id,),
            opened=tuple(access.opened),
            recipient=access.recipient,
            request_id=call.effect_id,
        )


def _reached(access: Access) -> bool:
    return bool(access.recipient or access.opened)
