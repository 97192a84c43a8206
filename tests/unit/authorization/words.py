"""Commands in short, for an invented referral whose names mean nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.authorization import domain
from services.authorization.store import CASE
from shared.contracts.authorization import AuthorizedItem, Window
from shared.contracts.language import Actor, EffectNeedsPerson, Reason, Tick, effect_id
from tests.support.given import given
from tests.support.tasks import only

REFERRAL = "demo-" + "k" * 26
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""A Monday morning in New York."""
ZONE = "America/New_York"
DAYS = domain.PayerClock(count=7, unit="calendar_days")
HOURS = domain.PayerClock(count=72, unit="hours")
PAYER = domain.Payer(id="alder-valley", line="commercial", zone=ZONE, standard=DAYS, expedited=HOURS)
OTHER_PAYER = PAYER.model_copy(update={"id": "bluecedar"})
HERE, THERE = domain.Provider("prov-1", "site-1"), domain.Provider("prov-2", "site-2")
BECAUSE = Reason(system="throughline", code="because")
PERSON, SERVICE = Actor(kind="person", id="casey.coordinator"), Actor(kind="service", id="intake")
AT_PAYER = Actor(kind="payer", id=PAYER.id)


def coverage(*payers: domain.Payer, has_member_id: bool = True, seal: str = "sealed-coverage") -> domain.CoverageOnFile:
    """A policy with each payer, the first paying first."""
    policies = [
        domain.PolicyOnFile(rank=rank, payer=payer, has_member_id=has_member_id) for rank, payer in enumerate(payers, 1)
    ]
    return domain.CoverageOnFile(seal, tuple(policies))


def heard(at: datetime = NOW) -> dict[str, Any]:
    """Attribution of what another service told."""
    return {"at": at, "by": SERVICE, "channel": "kafka", "referral_id": REFERRAL}


def by_person(at: datetime = NOW) -> dict[str, Any]:
    """Attribution of what a person does."""
    return {"at": at, "by": PERSON, "channel": "api"}


def opened(priority: Any = "routine", *payers: domain.Payer, **kwargs: Any) -> domain.OpenCase:
    """A referral with coverage; without payers it is the usual one."""
    on_file = coverage(*(payers or (PAYER,)), **kwargs)
    return domain.OpenCase(**heard(), priority=priority, pathway="pw-1", coverage=on_file, clinical="sealed-clinical")


def started(at: datetime = NOW) -> domain.StartCase:
    """It was found complete."""
    return domain.StartCase(**heard(at))


def chosen(provider: domain.Provider = HERE, at: datetime = NOW) -> domain.AdoptProvider:
    """Scheduling chose a provider."""
    return domain.AdoptProvider(**heard(at), provider=provider)


def seen(at: datetime = NOW) -> domain.UseAuthorization:
    """The patient was seen."""
    return domain.UseAuthorization(**heard(at))


def cancelled(at: datetime = NOW) -> domain.EndCase:
    """The referral was cancelled."""
    return domain.EndCase(**heard(at), ending="cancelled", outcome=None, reason=BECAUSE)


def closed(outcome: Any = "cancelled_by_referrer", at: datetime = NOW) -> domain.EndCase:
    """The referral was closed."""
    return domain.EndCase(**heard(at), ending="closed", outcome=outcome, reason=BECAUSE)


def eligible(
    auth_required: str = "Y", eb01: str = "1", check: int = 1, at: datetime = NOW, payer: domain.Payer = PAYER
) -> domain.RecordEligibility:
    """The payer's word about the coverage."""
    return domain.RecordEligibility(
        at=at,
        by=Actor(kind="payer", id=payer.id),
        channel="effect",
        check_id=effect_id(REFERRAL, "eligibility", check),
        eb01=eb01,
        auth_required=auth_required,
        valid_on=date(2026, 3, 2),
    )


def item(provider: domain.Provider = HERE, until: date = date(2026, 6, 1), **changes: Any) -> AuthorizedItem:
    """What the payer certifies."""
    certified: dict[str, Any] = {
        "item": 1,
        "service_ref": "pw-1",
        "window": Window(start=date(2026, 3, 3), end=until),
        "units": 3,
        "provider_ref": provider.provider_ref,
        "site_ref": provider.site_ref,
    }
    return AuthorizedItem(**{**certified, **changes})


def answer(action: str, number: int = 1, revision: int = 1, **changes: Any) -> domain.RecordPayerAnswer:
    """The payer's answer to a request; an approval is of the usual item."""
    said: dict[str, Any] = {
        "at": NOW,
        "by": AT_PAYER,
        "channel": "effect",
        "request_id": effect_id(REFERRAL, "submission", revision),
        "number": number,
        "action": action,
        "received_at": NOW,
        "items": (item(),) if action == "A1" else (),
    }
    return domain.RecordPayerAnswer(**{**said, **changes})


def decided(action: Any, at: datetime = NOW, **content: Any) -> domain.RecordDecision:
    """A person's record of what the payer said."""
    if action in {"A1", "A2", "A6"}:
        content.setdefault("window", Window(start=date(2026, 3, 3), end=date(2026, 6, 1)))
    return domain.RecordDecision(**by_person(at), action=action, **content)


def upheld(action: Any = "A3", at: datetime = NOW, **content: Any) -> domain.RecordPeerToPeer:
    """A clinician's record of the talk with the payer's physician."""
    if action != "A3":
        content.setdefault("window", Window(start=date(2026, 3, 3), end=date(2026, 6, 1)))
    return domain.RecordPeerToPeer(**by_person(at), action=action, **content)


def verify(
    eb01: str = "1", auth_required: str = "Y", at: datetime = NOW, certificate: str | None = None
) -> domain.VerifyCoverage:
    """A person's record of what the payer said of the policy."""
    return domain.VerifyCoverage(
        **by_person(at), eb01=eb01, auth_required=auth_required, valid_on=date(2026, 3, 2), certificate=certificate
    )


def records_sent(at: datetime = NOW) -> domain.ConfirmRecordsSent:
    """A person sent the payer what it asked for."""
    return domain.ConfirmRecordsSent(**by_person(at))


def override(at: datetime = NOW) -> domain.OverrideAuthorization:
    """A person lets the visit go ahead."""
    return domain.OverrideAuthorization(**by_person(at), reason=BECAUSE)


def resubmit(at: datetime = NOW) -> domain.ResubmitRequest:
    """A person asks anew."""
    return domain.ResubmitRequest(**by_person(at))


def confirm_withdrawal(at: datetime = NOW) -> domain.ConfirmWithdrawal:
    """A person saw to it that payers have nothing any more."""
    return domain.ConfirmWithdrawal(**by_person(at))


def correct(payer: domain.Payer = OTHER_PAYER, at: datetime = NOW) -> domain.CorrectCoverage:
    """A person corrects the coverage."""
    return domain.CorrectCoverage(**by_person(at), coverage=coverage(payer, seal="sealed-anew"))


def self_pay(at: datetime = NOW) -> domain.ContinueSelfPay:
    """The patient pays."""
    return domain.ContinueSelfPay(**by_person(at))


def tick(at: datetime) -> Tick:
    """The clock strikes."""
    return Tick(at=at, by=Actor(kind="clock", id="clock"), channel="clock")


def gave_up(kind: str, revision: int = 1, *, in_doubt: bool = False) -> EffectNeedsPerson:
    """The engine gave up a call."""
    return EffectNeedsPerson(
        at=NOW, by=SERVICE, channel="effect", kind=kind, effect_revision=revision, in_doubt=in_doubt
    )


def told(command: Any, case: domain.Case) -> list[Any]:
    """What the world hears of a command."""
    return [fact for fact in domain.decide(command, case) if hasattr(fact, "referral_id") and hasattr(fact, "tasks")]


def after(*history: Any) -> domain.Case:
    """The case after a history."""
    case: domain.Case = given(CASE, *history)
    return case


def step_of(case: domain.Case) -> tuple[str, str, str, datetime] | None:
    """The step in short."""
    step = only(domain.tasks(case))
    return (step.act, step.owner, step.queue, step.due_at) if step else None


def wanted(case: domain.Case) -> list[tuple[str, int]]:
    """The calls that the case wants to be true outside."""
    return [(effect.kind, effect.revision) for effect in domain.wanted_effects(case)]


ASKED = (opened(), started(), eligible(), chosen())
"""The request is on its way."""
PENDED = (*ASKED, answer("A4"))
RECORDS = ("history-and-physical", "imaging-report")
OWED = (*ASKED, answer("A4", asked_for=RECORDS))
"""The payer pends and asks for records."""
APPROVED = (*ASKED, answer("A1"))
DENIED = (*ASKED, answer("A3"))
COVERAGE_PROBLEM = (opened(), started(), eligible(eb01="6"))
SOON = NOW + timedelta(hours=1)
CT = (*ASKED, answer("CT"))
TUESDAY = NOW + timedelta(days=1)
IN_A_WEEK = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
"""Seven days later at the same hour in New York, which went over to daylight saving time meanwhile."""
