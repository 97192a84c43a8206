"""Submits, polls and withdraws prior authorization requests under one id (a small X12 278)."""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import httpx2

from services.authorization.domain import Case
from services.authorization.gateways.answers import PayerAnswer, recorded
from services.authorization.gateways.payer_client import TIMEOUT_S, Payers, read
from shared.contracts.language import Actor
from shared.errors import Unknown
from shared.ports import Answer, Call, Traits

_DAY_S: Final = 24 * 3600.0


@dataclass(frozen=True)
class Submissions:
    """Submits a request. The nth effect is the nth revision of the request; a payer keeps one per id."""

    payers: Payers

    @property
    def traits(self) -> Traits:
        """Decisions come by callback. A poll once a day finds those whose callback was lost."""
        return Traits(can_ask=True, dedupes=True, has_results=True, land_s=TIMEOUT_S, ask_every_s=_DAY_S)

    async def call(self, call: Call, state: Case, now: datetime) -> Answer:
        """Make one call."""
        payer = state.asked[call.revision - 1].payer
        body = self._body(call, state) if call.act == "send" else None
        if call.act == "send" and body is None:
            return Answer("not_taken")
        response = await self.payers.request(call, payer, body)
        if isinstance(response, Answer):
            return response
        answered = self._answer_of(call, response, payer, now)
        # Nobody waits for the decision on a closed case: polling a payer that never decides would never end.
        return replace(answered, final=answered.final or state.ending == "closed")

    def _body(self, call: Call, state: Case) -> dict[str, Any] | None:
        """The content of a request. None once the coverage has changed: its numbers are another payer's."""
        request, policy = state.request, state.policy_asked
        if request is None or policy is None or (request.revision, request.check) != (call.revision, state.checks):
            return None
        return {
            "referral_id": state.referral_id,
            **self.payers.insured(state, policy, "request_authorization"),
            "urgency": state.urgency,
            "service_ref": state.pathway,
            "provider_ref": request.provider.provider_ref,
            "site_ref": request.provider.site_ref,
            "diagnoses": self.payers.diagnoses(state),
            "callback_url": self.payers.callback_url(state.referral_id, request.payer.id, call.effect_id),
        }

    def _answer_of(self, call: Call, response: httpx2.Response, payer: str, now: datetime) -> Answer:
        answer = read(response, PayerAnswer, (HTTPStatus.OK, HTTPStatus.CREATED))
        if answer.request_id != call.effect_id:
            raise Unknown("An answer about another request.")
        if call.act == "withdraw":
            return Answer("withdrawn", refs=(call.effect_id,))
        by = Actor(kind="payer", id=payer)
        return recorded(answer, self.payers.keyring, call.aggregate_id, by, now, "effect")
