"""Each fact that is heard becomes one command, with nothing decided on the way."""

from datetime import date
from typing import Any

import pytest

from services.scheduling import domain as d
from services.scheduling.handlers import reactions
from services.scheduling.store import read_directory
from shared.contracts import authorization as a
from shared.contracts import intake as i
from shared.contracts import notifications as n
from shared.contracts.envelope import Envelope
from shared.contracts.language import Actor, Fact, Reason
from shared.messaging.inbox import EventContext
from tests.unit.scheduling.placing import DAY, REASON, REFERRAL, TUESDAY
from tests.unit.scheduling.running import DIRECTORY

SHIPPED = read_directory(DIRECTORY)
TABLE = reactions(SHIPPED)
CASE = {"case_id": "case-1", "payer": "payer-1"}
ITEM = a.AuthorizedItem(
    item=1,
    service_ref="pw-bj955d",
    window=a.Window(start=date(2026, 2, 3), end=date(2026, 3, 3)),
    units=1,
    provider_ref="pr-1",
    site_ref="st-1",
)


def react(fact: type[Fact], **fields: Any) -> Any:
    """What becomes of a fact."""
    told = {"occurred_at": TUESDAY, "recorded_by": Actor(kind="service", id="intake"), "channel": "api"}
    envelope = Envelope("/demo/intake", REFERRAL, 1, fact.TYPE, TUESDAY)
    return TABLE[fact](
        fact.model_validate({**told, "referral_id": REFERRAL, **fields}), EventContext(envelope, TUESDAY, b"")
    )


class TestReactions:
    def test_take_the_order_with_its_candidates(self) -> None:
        """Who could do it comes from the directory, best first."""
        command = react(
            i.ReferralReceived,
            patient_ref="pt-1",
            priority="urgent",
            authored_at=TUESDAY,
            needed_by=TUESDAY + DAY,
            order_expires_at=TUESDAY + 9 * DAY,
            pathway="pw-bj955d",
            pathway_version=1,
            seals={"contact": "sealed", "logistics": "sealed wishes"},
        )

        assert command.order == d.Order(
            REFERRAL, "pt-1", "urgent", "pw-bj955d", TUESDAY + DAY, TUESDAY + 9 * DAY, wishes="sealed wishes"
        )
        assert command.candidates == SHIPPED.candidates("pw-bj955d", "urgent", REFERRAL)

    @pytest.mark.parametrize(
        ("fact", "fields", "command"),
        [
            (i.ReferralFoundComplete, {}, d.BeginPlacement),
            (i.ReferralCancelled, {"asked_by": "patient", "reason": REASON}, d.EndPlacement),
            (i.ReferralClosed, {"outcome": "completed"}, d.EndPlacement),
            (a.AuthorizationNotRequired, {**CASE, "basis": "rule", "rule_version": 1}, d.RecordClearance),
            (
                a.AuthorizationOverridden,
                {**CASE, "by": Actor(kind="person", id="x"), "reason": REASON},
                d.RecordClearance,
            ),
            (
                a.AuthorizationSubmitted,
                {
                    **CASE,
                    "request_id": "r-1",
                    "received_by_payer_at": TUESDAY,
                    "decision_due_at": TUESDAY,
                    "urgency": "standard",
                },
                d.RecordRequest,
            ),
            (
                a.AuthorizationPended,
                {**CASE, "request_id": "r-1", "decision_due_at": TUESDAY},
                d.RecordRequest,
            ),
            (a.AuthorizationNeedsPerson, {**CASE, "reason": REASON}, d.RecordRequest),
            (
                a.AuthorizationDenied,
                {**CASE, "request_id": "r-1", "reason": REASON, "peer_to_peer_until": TUESDAY, "appeal_until": TUESDAY},
                d.RecordDenial,
            ),
            (a.AuthorizationWithdrawn, {"case_id": "case-1", "reason": REASON}, d.RecordWithdrawal),
            (n.ContactRecorded, {"contact_id": "c-1", "outcome": "declined"}, d.RecordContact),
        ],
    )
    def test_translate(self, fact: type[Fact], fields: dict[str, Any], command: type) -> None:
        """One fact, one command, at the moment it is taken in, by the service that told it."""
        found = react(fact, **fields)

        assert (type(found), found.at, found.by.id, found.channel) == (command, TUESDAY, "intake", "kafka")

    def test_tell_why_it_ends(self) -> None:
        """A closing without a reason has its outcome."""
        assert react(i.ReferralClosed, outcome="deceased").reason == Reason(system="throughline", code="deceased")
        assert REASON == react(i.ReferralCancelled, asked_by="payer", reason=REASON).reason

    def test_hand_over_what_was_certified(self) -> None:
        """Provider, window, units: as the payer said."""
        assert (ITEM,) == react(a.AuthorizationApproved, **CASE, request_id="r-1", items=(ITEM,)).items

    def test_name_the_visit_that_a_report_proves(self) -> None:
        """The one that it names, or one whose name any retry finds again."""
        named = {"report_id": "report-1", "kind": "final", "matched_by": "visit_id", "visit_id": "visit-7"}
        unnamed = {"report_id": "report-1", "kind": "final", "matched_by": "order_number"}
        first, second = (react(i.ConsultReportReceived, **unnamed) for _ in range(2))

        assert "visit-7" == react(i.ConsultReportReceived, **named).visit_id
        assert (first.visit_id, first.unbooked_visit_id) == (None, second.unbooked_visit_id)
