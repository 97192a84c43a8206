"""For each guarded route that changes something, a request that it would take: a refusal is then of the caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.unit.intake.invented import bundle, own

REASON = {"system": "throughline", "code": "somebody-said-so"}
ABSENT = "a" * 26
"""No referral's id ends so."""
Named = Mapping[str, str]
"""What a request is about: `referral_id`, and `tenant`."""


@dataclass(frozen=True)
class Sample:
    """A body: JSON unless it is a form. `misses` are statuses that mean that what the body names is not there."""

    of: Callable[[Named], Any]
    is_form: bool = False
    misses: tuple[int, ...] = ()


def _fixed(body: Any, *misses: int) -> Sample:
    return Sample(lambda _: body, misses=misses)


_OPERATED: Mapping[str, Sample] = {
    f"POST /v1/parked/{act}": Sample(lambda named: {"key": named["referral_id"], "service": "intake", "sequence": 1})
    for act in ("replay", "discard")
}
_PRESSED = Sample(lambda _: {"version": "0", "back": ""}, is_form=True)
SAMPLES: Mapping[str, Mapping[str, Sample]] = {
    "intake": {
        "POST /v1/referrals": _fixed(own()),
        "POST /fhir/R4": _fixed(bundle()),
        "POST /v1/patient-lookup": _fixed({"mrn": {"system": "urn:example:mrn", "value": "MRN-1"}}),
        "POST /v1/referrals/{referral_id}/information": _fixed(
            {"request_id": "r-1", "items": [{"code": "birth_date", "value": "1970-01-01"}]}, 404
        ),
        "POST /v1/referrals/{referral_id}/reports": _fixed(
            {"report_id": "rp-1", "kind": "final", "document_ref": "shelf 7"}
        ),
        "POST /v1/referrals/{referral_id}/report-match": _fixed({"report_id": "rp-0", "outcome": "applies"}, 404),
        "POST /v1/referrals/{referral_id}/pathway": _fixed({"pathway": "pw-9x4k2m"}),
        "POST /v1/referrals/{referral_id}/order-review": _fixed({"order_version": 2, "outcome": "kept"}, 404),
        "POST /v1/referrals/{referral_id}/acknowledgement": _fixed({"report_id": "rp-1"}, 404),
        "POST /v1/referrals/{referral_id}/cancellation": _fixed({"asked_by": "patient", "reason": REASON}),
        "POST /v1/referrals/{referral_id}/closing": _fixed({"outcome": "care_elsewhere", "reason": REASON}),
        **_OPERATED,
    },
    "authorization": {
        "POST /v1/cases/{referral_id}/decision": _fixed({"action": "A3", "reference": "R-1", "reason": REASON}),
        "POST /v1/cases/{referral_id}/eligibility": _fixed(
            {"eb01": "1", "auth_required": "Y", "valid_on": "2026-03-02", "reference": "R-1"}
        ),
        "POST /v1/cases/{referral_id}/records": _fixed({}),
        "POST /v1/cases/{referral_id}/peer-to-peer": _fixed({"action": "A3", "reference": "R-1"}),
        "POST /v1/cases/{referral_id}/override": _fixed({"reason": REASON}),
        "POST /v1/cases/{referral_id}/resubmission": _fixed({}),
        "POST /v1/cases/{referral_id}/withdrawal": _fixed({}),
        "POST /v1/cases/{referral_id}/self-pay": _fixed({}),
        "POST /v1/cases/{referral_id}/coverage": _fixed({"payer_id": "medicare", "member_id": "M-9"}),
        "POST /v1/payer-callbacks/{payer_id}": Sample(
            lambda named: {
                "referral_id": named["referral_id"],
                "request_id": "0" * 32,
                "number": 1,
                "received_at": "2026-03-02T09:00:00Z",
                "action": "A1",
            },
            misses=(404,),
        ),
        **_OPERATED,
    },
    "scheduling": {
        "POST /v1/placements/{referral_id}/answer": _fixed({"request_id": "r-1", "accepted": True}, 404),
        "POST /v1/placements/{referral_id}/provider": _fixed({"provider_ref": "pr-near", "site_ref": "st-north"}),
        "POST /v1/placements/{referral_id}/booking": _fixed(
            {"start": "2026-03-17T13:00:00+00:00", "booked_by": "own", "provider_ref": "pr-house"}
        ),
        "POST /v1/placements/{referral_id}/visit-cancellation": _fixed({"visit_id": "v-1", "reason": REASON}, 404),
        "POST /v1/placements/{referral_id}/outcome": _fixed(
            {"visit_id": "v-1", "outcome": "missed", "evidence_ref": "ev-1"}, 404
        ),
        "POST /v1/placements/{referral_id}/appointment": _fixed({"visit_id": "v-1"}, 404),
        **_OPERATED,
    },
    "notifications": {
        "POST /v1/conversations/{referral_id}/contact": _fixed({"reached": False, "outcome": "no_answer"}),
        **_OPERATED,
    },
    "tracking": {
        "POST /v1/worklist/{referral_id}/claim": _fixed(None),
        "POST /v1/worklist/{referral_id}/release": _fixed(None),
        "POST /v1/worklist/{referral_id}/note": _fixed({"code": "called_office"}),
        "POST /referrals/{referral_id}/claim": _PRESSED,
        "POST /referrals/{referral_id}/release": _PRESSED,
        "POST /referrals/{referral_id}/note": Sample(
            lambda _: {"version": "0", "back": "", "code": "called_office"}, is_form=True
        ),
        "POST /logout": _PRESSED,
        **_OPERATED,
    },
}
"""By service and route."""
