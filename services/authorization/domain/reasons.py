"""Why, in codes. Only what is on a known list leaves this service; a payer's free words do not."""

from typing import Final

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
APPROVAL_UNUSABLE: Final = Reason(system=_OURS, code="approval-does-not-fit-request")
UNRECOGNISED: Final = Reason(system=_OURS, code="unrecognised-answer")


def of_coverage(eb01: str) -> Reason:
    """Why coverage was not verified: X12 271 EB01, if it is one that we know."""
    return Reason(system=_EB01, code=eb01) if eb01 in _KNOWN_EB01 else UNRECOGNISED


def of_action(action: str) -> Reason:
    """The review action that a person must look at: X12 306, if it is one that we know."""
    return Reason(system=_ACTIONS, code=action) if action in _KNOWN_ACTIONS else UNRECOGNISED
