"""Checks eligibility: whether the policy is in force and requires authorization (a small X12 270/271)."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from services.authorization.domain import Case, PolicyOnFile, RecordEligibility, local_date
from services.authorization.gateways.answers import EligibilityAnswer
from services.authorization.gateways.payer_client import TIMEOUT_S, Payers, read
from shared.contracts.language import Actor, tenant_of
from shared.effects import NotTaken
from shared.errors import Unknown
from shared.ports import Answer, Call, Traits

OFFICE_VISIT: Final = "98"
"""Service type of X12 1365: a physician's visit in the office."""
_CANNOT_PROCESS: Final = "V"


@dataclass(frozen=True)
class EligibilityChecks:
    """Asks a payer whether a policy is in force. The payer answers the same check id alike each time."""

    payers: Payers

    @property
    def traits(self) -> Traits:
        """A check that is repeated is the same check."""
        return Traits(dedupes=True, land_s=TIMEOUT_S)

    async def call(self, call: Call, state: Case, now: datetime) -> Answer:
        """Make one call. A check leaves nothing behind that could be withdrawn."""
        if call.act != "send":
            return Answer("withdrawn", refs=(call.effect_id,))
        policy = state.policy_asked
        if policy is None:
            return Answer("not_taken")
        body = {
            "check_id": call.effect_id,
            **self.payers.insured(state, policy, "check_eligibility"),
            "service_type": OFFICE_VISIT,
            "valid_on": local_date(now, policy.payer.zone).isoformat(),
        }
        try:
            tenant = tenant_of(call.aggregate_id)
            response = await self.payers.inquire(tenant, policy.payer.id, body)
        except NotTaken as error:
            return Answer("not_taken", retry_after_s=error.retry_after_s)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return Answer("not_taken")
        answer = read(response, EligibilityAnswer)
        if answer.check_id != call.effect_id:
            raise Unknown("An answer about another check.")
        if answer.eb01 == _CANNOT_PROCESS:
            return Answer("not_taken")
        return _checked(call, answer, policy, now)


def _checked(call: Call, answer: EligibilityAnswer, policy: PolicyOnFile, now: datetime) -> Answer:
    command = RecordEligibility(
        at=now,
        by=Actor(kind="payer", id=policy.payer.id),
        channel="effect",
        check_id=answer.check_id,
        eb01=answer.eb01,
        auth_required=answer.auth_required,
        valid_on=local_date(now, policy.payer.zone),
    )
    return Answer("alive", refs=(call.effect_id,), command=command)
