"""A payer that answers as told, and cases with real seals to ask it about."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from deploy.platform.keys import generate_keys
from services.authorization import domain
from services.authorization.gateways import EligibilityChecks, Payers, Submissions
from shared.contracts.language import effect_id
from shared.contracts.sealed import Clinical, Coding, CoverageDetails, Policy
from shared.ports import Act, Answer, Call
from shared.sealing import Keyring, Opening
from tests.support.clients import everybody
from tests.unit.authorization.words import (
    NOW,
    OTHER_PAYER,
    PAYER,
    REFERRAL,
    after,
    chosen,
    coverage,
    eligible,
    heard,
    item,
    started,
)

KEYS = generate_keys(["demo"])
COVERAGE = CoverageDetails(
    policies=(
        Policy(rank=2, payer_name="Other", member_id="SECOND"),
        Policy(rank=1, payer_name="Alder Valley", member_id="MEMBER-1"),
    )
)
CLINICAL = Clinical(
    service=Coding(system="urn:s", code="s1", text="service canary"),
    diagnoses=(Coding(system="http://hl7.org/fhir/sid/icd-10-cm", code="I10", text="diagnosis canary"),),
    reason_text="reason canary",
    notes=("note canary",),
)


@dataclass
class Desk:
    """A payer that answers as told, and keeps what it was asked."""

    answers: Any
    openings: list[Opening] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        self.requests.append(request)
        if isinstance(self.answers, Exception):
            raise self.answers
        status, content = self.answers
        return httpx2.Response(status, content=content if isinstance(content, bytes) else json.dumps(content))

    @property
    def keyring(self) -> Keyring:
        """The keys of the service."""
        return Keyring(KEYS["authorization"], self.openings.append)

    @property
    def line(self) -> Payers:
        """The line to it."""
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self))
        return Payers(everybody(http), "http://payers.example", "http://us.example", self.keyring)

    async def check(self, case: domain.Case, act: Act = "send") -> Answer:
        """Have it asked about the coverage."""
        return await EligibilityChecks(self.line).call(call("eligibility", case.checks, act), case, NOW)

    async def submit(self, case: domain.Case, act: Act = "send", revision: int = 1) -> Answer:
        """Have it asked for leave."""
        return await Submissions(self.line).call(call("submission", revision, act), case, NOW)

    @property
    def body(self) -> Any:
        """What the only request said."""
        [request] = self.requests
        return json.loads(request.content)


def call(kind: str, revision: int, act: Act) -> Call:
    """The call as the engine writes it down."""
    return Call(effect_id(REFERRAL, kind, revision), REFERRAL, kind, revision, act, 1)


def sealed_case(*more: Any, insured: CoverageDetails = COVERAGE) -> domain.Case:
    """A case with real seals, whose request is on its way."""
    on_file = coverage(
        PAYER, OTHER_PAYER, seal=Desk(None).keyring.seal("demo", "coverage", insured, referral_id=REFERRAL)
    )
    clinical = Desk(None).keyring.seal("demo", "clinical", CLINICAL, referral_id=REFERRAL)
    opened = domain.OpenCase(**heard(), priority="urgent", pathway="pw-1", coverage=on_file, clinical=clinical)
    return after(opened, started(), *more)


CHECKING = sealed_case()
SUBMITTING = sealed_case(eligible(), chosen())
CHECK_ID = effect_id(REFERRAL, "eligibility", 1)
REQUEST_ID = effect_id(REFERRAL, "submission", 1)
ELIGIBLE = {"check_id": CHECK_ID, "eb01": "1", "auth_required": "Y", "in_network": "Y", "plan_ref": "plan-1"}
CERTIFIED = {
    "request_id": REQUEST_ID,
    "number": 3,
    "reference": "CERT-1",
    "received_at": "2026-03-02T10:00:00-05:00",
    "action": "A1",
    "items": [item().model_dump(mode="json", exclude={"item"})],
    "human_reviewed": False,
}
PENDED = {
    **CERTIFIED,
    "action": "A4",
    "items": [],
    "decision_due_at": "2026-03-09T10:00:00-04:00",
    "asked_for": ["imaging-report", "see Mrs. Sample's file", 7],
}
NOT_TAKEN = [
    (429, b""),
    (400, b""),
    (401, b""),
    (403, b""),
    (422, b""),
    httpx2.ConnectError("refused"),
    httpx2.ConnectTimeout("no route"),
]
UNKNOWN = [
    (500, b""),
    (502, b"<html>"),
    (204, b""),
    (302, b""),
    (200, b"<html>of a proxy</html>"),
    (200, b'{"request_id": "'),
    (200, []),
    (200, {}),
    httpx2.ReadTimeout("silence"),
    httpx2.RemoteProtocolError("reset"),
]
