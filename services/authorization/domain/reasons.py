"""Maps payers' codes to reasons. Only known codes leave this service; a payer's free text does not."""

from collections.abc import Mapping
from typing import Final

from services.authorization.domain.statuses import PersonAct
from shared.contracts.language import Reason

_OURS: Final = "throughline"
_EB01: Final = "https://codesystem.x12.org/005010/1390"
_ACTIONS: Final = "https://codesystem.x12.org/005010/306"
_KNOWN_EB01: Final = frozenset("678")
_KNOWN_ACTIONS: Final = frozenset({"A1", "A2", "A3", "A4", "A6", "C", "CT", "NA"})

STAT: Final = Reason(system=_OURS, code="stat")
MEMBER_ID_MISSING: Final = Reason(system=_OURS, code="member-id-missing")
ELIGIBILITY_UNANSWERED: Final = Reason(system=_OURS, code="eligibility-unanswered")
SUBMISSION_UNANSWERED: Final = Reason(system=_OURS, code="submission-unanswered")
SUBMISSION_IN_DOUBT: Final = Reason(system=_OURS, code="submission-in-doubt")
SUBMISSION_NOT_TAKEN: Final = Reason(system=_OURS, code="submission-not-taken")
PAYER_SILENT: Final = Reason(system=_OURS, code="payer-silent")
PEER_TO_PEER_LAPSED: Final = Reason(system=_OURS, code="peer-to-peer-lapsed")
PEER_TO_PEER_UPHELD: Final = Reason(system=_OURS, code="peer-to-peer-upheld")
APPROVAL_UNUSABLE: Final = Reason(system=_OURS, code="approval-does-not-fit-request")
UNRECOGNISED: Final = Reason(system=_OURS, code="unrecognised-answer")


def of_coverage(eb01: str) -> Reason:
    """Why coverage was not verified: X12 271 EB01, if it is one that we know."""
    return Reason(system=_EB01, code=eb01) if eb01 in _KNOWN_EB01 else UNRECOGNISED


def of_action(action: str) -> Reason:
    """The review action that a person must look at: X12 306, if it is one that we know."""
    return Reason(system=_ACTIONS, code=action) if action in _KNOWN_ACTIONS else UNRECOGNISED


_ACTS: Final[Mapping[Reason, PersonAct]] = {
    PAYER_SILENT: "call_payer",
    SUBMISSION_UNANSWERED: "confirm_submission",
    SUBMISSION_IN_DOUBT: "confirm_submission",
    SUBMISSION_NOT_TAKEN: "confirm_submission",
}


def act_of(reason: Reason) -> PersonAct:
    """The act that a person must do for this reason."""
    return _ACTS.get(reason, "review_payer_answer")
