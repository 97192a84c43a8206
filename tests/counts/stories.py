"""The referrals whose price is watched: one to which nothing happens, and one that takes two of the usual detours."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.counts.counted_services import CountedServices, Figures, play
from tests.simulation.histories.outside import ACTIONS, Choose, hoped_for
from tests.support.five_services.plans import address_of

REASON = {"system": "throughline", "code": "somebody-said-so"}
AFTER_VISIT = timedelta(hours=1)


def _order(now: str) -> Mapping[str, Any]:
    return {
        "source_system": "urn:sample:orders",
        "order_number": "O-1",
        "priority": "routine",
        "authored_at": now,
        "service": {"system": "urn:sample:services", "code": "208D00000X"},
        "patient": {
            "mrn": {"system": "urn:sample:orders", "value": "MRN-1"},
            "given": "Sam",
            "family": "Sample",
            "birth_date": "1970-01-01",
            "timezone": "America/New_York",
            "phone": "+12025550123",
        },
        "requester": {"npi": "1234567893", "name": "Dr. Robin Sample"},
        "diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}],
        "coverage": [{"payer_name": "Medicare", "member_id": "M-1"}],
    }


async def _plain(house: CountedServices) -> None:
    """Complete, covered, authorized at once, booked, told, seen, reported, acknowledged."""
    await _ordered(house)
    await house.until(lambda: house.state("scheduling").visit)
    await _seen_and_closed(house)


async def _with_detours(house: CountedServices) -> None:
    """The payer pends and approves a day later; the booked visit is called off, and there is another."""
    await _ordered(house)
    asked = house.last_asked("authorizations")
    assert house.state("scheduling").visit is None
    house.disk.offset += timedelta(days=1)
    await house.settle()
    await _approved(house, asked)
    first = await house.until(lambda: house.state("scheduling").visit)
    path = f"/v1/placements/{asked['referral_id']}/visit-cancellation"
    await house.ask("coordinator", address_of("scheduling") + path, {"visit_id": first.visit_id, "reason": REASON})
    second = await house.until(lambda: house.state("scheduling").visit)
    assert second.visit_id != first.visit_id
    await _seen_and_closed(house)


async def _ordered(house: CountedServices) -> None:
    await house.ask("clinician", f"{address_of('intake')}/v1/referrals", _order(house.disk.now().isoformat()))


async def _approved(house: CountedServices, asked: Mapping[str, Any]) -> None:
    now = house.disk.now()
    window = {"start": now.date().isoformat(), "end": (now + timedelta(days=60)).date().isoformat()}
    items = [{**{name: asked[name] for name in ("service_ref", "provider_ref", "site_ref")}, "window": window}]
    said = {
        "request_id": asked["id"],
        "referral_id": asked["referral_id"],
        "number": 2,
        "action": "A1",
        "received_at": now.isoformat(),
        "reference": "REF-1",
        "items": [{**item, "units": 1} for item in items],
    }
    await house.ask("payer", asked["callback_url"], said)


async def _seen_and_closed(house: CountedServices) -> None:
    """Time passes until the visit was; then its outcome comes, its report, and the word that it was read."""
    visit = house.state("scheduling").visit
    await house.until(lambda: house.disk.now() > visit.attempt.slot.starts_at + AFTER_VISIT)
    appointment = house.last_asked("appointments")
    await house.ask(
        "office",
        appointment["outcome_url"],
        {"visit_id": visit.visit_id, "outcome": "fulfilled", "evidence_ref": "ev-1"},
    )
    report = {"report_id": "rp-1", "kind": "final", "visit_id": visit.visit_id, "document_ref": "shelf 7"}
    await house.ask("office", appointment["report_url"], report)
    read = house.last_asked("reports")
    await house.ask("ehr", read["answer_url"], {"report_id": "rp-1"})
    await house.until(lambda: house.state("intake").is_closed)


def _pending(options: Any) -> Any:
    return "A4" if options is ACTIONS else hoped_for(options)


STORIES: Mapping[str, tuple[Choose[Any], Callable[[CountedServices], Any]]] = {
    "plain": (hoped_for, _plain),
    "pended and moved": (_pending, _with_detours),
}
"""By name, how the outside answers and what happens."""


def played(name: str) -> Figures:
    """Play a story; what it cost each service."""
    return play(*STORIES[name])
