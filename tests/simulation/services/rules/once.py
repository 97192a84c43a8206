"""What happens once is told once, however often it was asked, heard, answered or tried."""

from collections import Counter
from collections.abc import Mapping

from shared.contracts import authorization as a
from shared.contracts import intake as i
from shared.contracts import notifications as n
from shared.contracts import scheduling as s
from shared.contracts.language import Fact
from tests.simulation.services.rules.known import Known

ONCE: Mapping[str, Mapping[type[Fact], str]] = {
    "intake": {
        i.ReferralReceived: "referral_id",
        i.ReferralFoundComplete: "referral_id",
        i.InformationRequested: "request_id",
        i.OrderChanged: "order_version",
        i.ConsultReportReceived: "report_id",
        i.ReportAcknowledged: "report_id",
        i.ReferralClosed: "referral_id",
    },
    "authorization": {a.AuthorizationSubmitted: "request_id", a.AuthorizationOverridden: "referral_id"},
    "scheduling": {
        s.ProviderChosen: "choice",
        s.VisitBooked: "visit_id",
        s.VisitCancelled: "visit_id",
        s.VisitMissed: "visit_id",
        s.VisitFulfilled: "referral_id",
    },
    "notifications": {n.MessageSent: "message_id", n.MessageDelivered: "message_id", n.ContactRecorded: "contact_id"},
}
"""Per service and fact, what it happens once to."""


def told_twice(known: Known) -> list[str]:
    """What was told more than once."""
    found = []
    for service, facts in ONCE.items():
        for key in known.states(service):
            for kind, name in facts.items():
                told = Counter(getattr(fact, name) for fact in known.facts(service, key, kind))
                found += [
                    f"{key} told {kind.__name__} of {what} {count} times" for what, count in told.items() if count > 1
                ]
    return found
