"""What is sent to each door: every kind of body that it takes, as somebody writes it who looks at the referral.

Each list of choices begins with what does what its sender hopes for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from services.authorization.domain.state import SUBMISSION
from services.intake.domain.state import MatchOutcome
from services.scheduling.domain import Placement, Visit
from services.tracking.domain import NoteCode
from shared.contracts.intake import AskedBy, Outcome, ReportKind, ReviewOutcome
from shared.contracts.language import effect_id
from shared.contracts.notifications import ContactOutcome
from shared.effects.protocol import id_of
from tests.simulation.histories.outside import ACTIONS, Body, Choose, decision
from tests.simulation.histories.stepped_services import SteppedServices
from tests.simulation.services.outside_script import supplied
from tests.support.outside.sms_gateway import message_sid

PROVIDERS = (("pr-house", "st-north"), ("pr-near", "st-north"), ("pr-late", "st-west"))
REASONS = ("somebody-said-so", "deceased", "care-elsewhere", "superseded", "order-expired", "seen-no-report", "unseen")
PATHWAYS = ("pw-9x4k2m", "pw-5j3p87")
MADE_UP = "made-up"


@dataclass(frozen=True)
class Sent:
    """What somebody looks at when sending something: the referral, as the services have it, and a way to choose.

    `office` is the provider whose office sends it, None for anybody else.
    """

    house: SteppedServices
    key: str
    choose: Choose[Any]
    office: str | None = None

    def reason(self) -> Body:
        """Any coded reason."""
        return {"system": "throughline", "code": self.choose(REASONS)}

    @property
    def placement(self) -> Placement:
        """What scheduling has."""
        state: Placement | None = self.house.state("scheduling", self.key)
        return state or Placement()

    def is_strange(self, visit: Visit) -> bool:
        """Whether it is at another office than the sender's, who hopes for nothing from it."""
        return self.office not in (None, visit.attempt.slot.provider_ref)


Bodies = Callable[[Sent], Body]


def cancellation(sent: Sent) -> Body:
    """Any asker, for any reason."""
    return {"asked_by": sent.choose(get_args(AskedBy)), "reason": sent.reason()}


def closing(sent: Sent) -> Body:
    """Any outcome."""
    return {"outcome": sent.choose(("care_elsewhere", *get_args(Outcome))), "reason": sent.reason()}


def information(sent: Sent) -> Body:
    """What is missing, some of it, or something else."""
    referral = sent.house.state("intake", sent.key)
    asked = [request.request_id for request in reversed(referral.requests)]
    missing = [tuple(referral.missing), *((item,) for item in (*referral.missing, "records"))]
    items = [{"code": code, "value": supplied(code, sent.key)} for code in sent.choose([m for m in missing if m])]
    return {"request_id": sent.choose([*asked, MADE_UP]), "items": items}


def report(sent: Sent) -> Body:
    """A new report or one that came before, of a visit or of none."""
    referral = sent.house.state("intake", sent.key)
    visits = [visit.visit_id for visit in reversed(sent.placement.visits)]
    return {
        "report_id": sent.choose(
            [f"rp-{sent.key}-{len(referral.reports) + len(referral.kept_reports)}", f"rp-{sent.key}-0"]
        ),
        "kind": sent.choose(get_args(ReportKind)),
        "visit_id": sent.choose([*visits, None, MADE_UP]),
        "document_ref": sent.choose(("shelf 7", "shelf 9")),
        "patient": patient(sent),
    }


def patient(sent: Sent) -> Body | None:
    """Nobody, or somebody else than the patient of any order."""
    somebody_else = {"name": {"family": "Elsewise", "given": "Wanda"}, "birth_date": "1899-01-01"}
    found: Body | None = sent.choose((None, None, None, somebody_else))
    return found


def report_match(sent: Sent) -> Body:
    """A report that is kept, one that was set aside, or none: it is the patient's after all, or somebody else's."""
    kept = sorted(sent.house.state("intake", sent.key).kept_reports, key=lambda kept: kept.set_aside is not None)
    return {
        "report_id": sent.choose([*(each.report.report_id for each in kept), MADE_UP]),
        "outcome": sent.choose(get_args(MatchOutcome)),
        "reason": sent.reason(),
    }


def pathway(sent: Sent) -> Body:
    """One of the table, or none."""
    return {"pathway": sent.choose((*PATHWAYS, MADE_UP))}


def order_review(sent: Sent) -> Body:
    """What was made of the newest version of the order, or of one that never came."""
    referral = sent.house.state("intake", sent.key)
    newest = referral.review.order_version if referral.review else 1
    return {"order_version": sent.choose((newest, newest + 1)), "outcome": sent.choose(get_args(ReviewOutcome))}


def acknowledgement(sent: Sent) -> Body:
    """A report that waits, one that was read, or none."""
    reports = sent.house.state("intake", sent.key).reports
    waiting = [report.report_id for report in reversed(reports) if not report.is_acknowledged]
    return {"report_id": sent.choose([*waiting, *(report.report_id for report in reports), MADE_UP])}


def payer_decision(sent: Sent) -> Body:
    """What the payer said to a person."""
    today = sent.house.now.date()
    start = today + timedelta(days=sent.choose((0, -3, 20)))
    end = start + timedelta(days=sent.choose((90, 2, -1)))
    windows = ({"start": start.isoformat(), "end": end.isoformat()}, None)
    return {
        "action": sent.choose(("A1", "A3", "A4", "A2", "A6", "NA")),
        "reference": "R-1",
        "window": sent.choose(windows),
        "reason": sent.choose((sent.reason(), None)),
    }


def peer_to_peer(sent: Sent) -> Body:
    """How the talk with the payer's physician ended."""
    return {**payer_decision(sent), "action": sent.choose(("A3", "A1", "A6"))}


def eligibility(sent: Sent) -> Body:
    """What the payer said of the policy by telephone."""
    said = {"eb01": sent.choose(("1", "6")), "auth_required": sent.choose(("Y", "N", "U"))}
    return {**said, "valid_on": sent.house.now.date().isoformat(), "reference": "R-2"}


def coverage(sent: Sent) -> Body:
    """Another policy."""
    return {"payer_id": sent.choose(("medicare", "medicaid")), "member_id": sent.choose(("M-8", "M-9"))}


def payer_callback(sent: Sent) -> Body:
    """A decision on a request that some payer was sent, or on none."""
    case = sent.house.state("authorization", sent.key)
    asked = [effect_id(sent.key, SUBMISSION, n) for n in range(len(case.asked) if case else 0, 0, -1)]
    about = {"service_ref": case.pathway, **vars(case.provider)} if case and case.provider else {}
    id_ = sent.choose([*asked, "0" * 32])
    said = decision(id_, about, sent.choose(ACTIONS), sent.choose, sent.house.now)
    return {**said, "number": sent.choose((2, 3, 4, 5, 0)), "referral_id": sent.key}


def answer(sent: Sent) -> Body:
    """An office's answer to a request, the last or an old one."""
    document = sent.house.document("scheduling", sent.key)
    records = [r for r in document.calls.values() if r.kind == "office_request"] if document else []
    ids = [id_of(sent.key, record) for record in reversed(records)]
    return {"request_id": sent.choose([*ids, MADE_UP]), "accepted": sent.choose((True, False))}


def provider(sent: Sent) -> Body:
    """Another provider, or the same again."""
    choice = sent.placement.choice
    others = [place for place in PROVIDERS if choice is None or place[0] != choice.provider_ref]
    provider_ref, site_ref = sent.choose([*others, *PROVIDERS])
    return {"provider_ref": provider_ref, "site_ref": site_ref}


def booking(sent: Sent) -> Body:
    """A time that is allowed, if any is, or some other."""
    choice, now = sent.placement.choice, sent.house.now.replace(minute=0, second=0, microsecond=0)
    chosen = choice.provider_ref if choice else "pr-house"
    certified = [item.window.start for item in sent.placement.leave.items_for(chosen)]
    times = [now + timedelta(hours=hours) for hours in (26, 51, 170, 1000, -5)]
    if certified and certified[0] > now.date():
        times.insert(0, now + (certified[0] - now.date()) + timedelta(days=1))
    return {
        "start": sent.choose(times).isoformat(),
        "booked_by": sent.choose(("external", "own", "patient")),
        "provider_ref": sent.choose([chosen, *(provider for provider, _ in PROVIDERS)]),
    }


def _visit(sent: Sent) -> str:
    newest_first = sent.placement.visits[::-1]
    visits = sorted(newest_first, key=sent.is_strange)
    return str(sent.choose([*(visit.visit_id for visit in visits), MADE_UP]))


def visit_cancellation(sent: Sent) -> Body:
    """A visit shall not take place."""
    return {"visit_id": _visit(sent), "reason": sent.reason()}


def outcome(sent: Sent) -> Body:
    """What became of a visit: one that has begun, if any has."""
    now = sent.house.now
    visits = sorted(sent.placement.visits, key=lambda v: (sent.is_strange(v), v.attempt.slot.starts_at > now))
    return {
        "visit_id": sent.choose([*(visit.visit_id for visit in visits), MADE_UP]),
        "outcome": sent.choose(("fulfilled", "missed")),
        "evidence_ref": "ev-1",
    }


def appointment(sent: Sent) -> Body:
    """The office knows of a visit."""
    return {"visit_id": _visit(sent)}


def contact(sent: Sent) -> Body:
    """A call to the patient, with a likely outcome or a contradictory one."""
    outcome = sent.choose(("informed", "no_answer", *get_args(ContactOutcome)))
    return {"reached": sent.choose((outcome != "no_answer", True, False)), "outcome": outcome}


def receipt(sent: Sent) -> Body:
    """A word on a text message that went out, or on none."""
    conversation = sent.house.state("notifications", sent.key)
    numbers = [message.number for message in reversed(conversation.messages)] if conversation else []
    id_ = f"{sent.key}.{sent.choose([*numbers, 99])}"
    status = sent.choose(("delivered", "undelivered", "failed", "read", "queued", "unheard-of"))
    return {"MessageSid": message_sid(id_), "MessageStatus": status, "message": id_}


def nothing(_sent: Sent) -> Body:
    """Nothing but the wish."""
    return {}


def because(sent: Sent) -> Body:
    """A reason."""
    return {"reason": sent.reason()}


def note(sent: Sent) -> Body:
    """What was done."""
    return {"code": sent.choose(get_args(NoteCode))}
