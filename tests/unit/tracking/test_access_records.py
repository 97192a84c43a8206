"""The privacy officer's route: who looked at what, by referral, patient, person and day, as JSON and as AuditEvents."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle

from services.tracking.views.access_records import Sought, accesses
from services.tracking.views.audit_events import audit_event
from shared.audit import AccessRecord, Opened, linked, start_of
from shared.errors import Unreadable
from shared.identity import Role
from tests.support.memory import Disk, MemoryRows, Weather
from tests.unit.tracking.running import Running
from tests.unit.tracking.telling import REFERRAL, Telling, step

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ADA, BEN, CAT = ("demo-" + letter * 26 for letter in "abc")
READ = AccessRecord(
    kind="request",
    at=NOON,
    service="intake",
    outcome="allowed",
    tenant="demo",
    subject="nora.nurse",
    roles=("nurse",),
    client="demo-console",
    address="192.0.2.7",
    method="GET",
    route="/v1/referrals/{referral_id}",
    purpose="read",
    referrals=(ADA,),
    patient_ref="demo-pa",
    opened=(Opened("contact", "show_contact", ADA),),
    status=200,
    request_id="0" * 32,
)
CALL = replace(
    READ,
    kind="call",
    service="intake",
    subject="intake",
    roles=(),
    client="",
    address="",
    route="",
    patient_ref="",
    method="send",
    purpose="report",
    recipient="ehr:main",
    status=0,
)
RECORDS = [
    READ,
    CALL,
    replace(READ, subject="casey", referrals=(BEN,), patient_ref="demo-pb", at=NOON + timedelta(minutes=1)),
    replace(READ, subject="casey", service="scheduling", patient_ref="", at=NOON + timedelta(days=1)),
    replace(READ, outcome="denied", status=404, tenant="other", at=NOON + timedelta(minutes=2)),
    AccessRecord(kind="refusals", at=NOON, service="intake", outcome="denied", address="192.0.2.9", count=7),
    AccessRecord(
        kind="opening",
        at=NOON,
        service="notifications",
        outcome="allowed",
        tenant="demo",
        subject="notifications",
        purpose="plan_messages",
        referrals=(CAT,),
        opened=(Opened("visit", "plan_messages", CAT),),
    ),
]


async def rows_of(*records: AccessRecord) -> MemoryRows:
    """Where these are kept."""
    rows = MemoryRows(Disk(), "tracking.access", Weather())
    await rows.append(linked(records, start_of("c-1"))[0])
    return rows


async def numbers(**sought: Any) -> list[int]:
    """Which of the records are found, newest first."""
    found = await accesses(await rows_of(*RECORDS), "demo", Sought(**sought))
    return [int(record.id.partition(":")[2]) for record in found.records]


class TestAccesses:
    async def test_are_found_by_referral(self) -> None:
        """Of every service, newest first: who read it, and to whom it was sent."""
        assert [4, 2, 1] == await numbers(referral_id=ADA)

    async def test_are_found_by_patient(self) -> None:
        """Also where whoever answered knew only the referral."""
        assert [4, 2, 1] == await numbers(patient_ref="demo-pa")
        assert [3] == await numbers(patient_ref="demo-pb")
        assert [] == await numbers(patient_ref="demo-pz")

    async def test_are_found_by_person(self) -> None:
        """What somebody looked at."""
        assert [4, 3] == await numbers(subject="casey")

    async def test_are_found_by_day(self) -> None:
        """With the refusals of strangers, who belong to no tenant."""
        assert [4] == await numbers(day="2026-12-02")
        assert [3, 7, 6, 2, 1] == await numbers(day="2026-12-01")

    async def test_are_narrowed_by_each_part(self) -> None:
        """Whether this person looked at this patient that day."""
        assert [4] == await numbers(patient_ref="demo-pa", subject="casey", day="2026-12-02")
        assert [] == await numbers(patient_ref="demo-pa", subject="casey", day="2026-12-01")

    async def test_of_other_tenants_are_not_there(self) -> None:
        """Not by any question."""
        assert 5 not in await numbers()
        assert 5 not in await numbers(referral_id=ADA)

    async def test_come_in_pages(self) -> None:
        """None twice, none left out, also of one moment."""
        rows, found, cursor = await rows_of(*RECORDS), list[str](), None
        while True:
            page = await accesses(rows, "demo", Sought(limit=2, cursor=cursor))
            found += [record.id for record in page.records]
            cursor = page.next
            if cursor is None:
                break

        assert [4, 3, 7, 6, 2, 1] == [int(id_.partition(":")[2]) for id_ in found]

    @pytest.mark.parametrize("cursor", ["x", "bm9uZQ", "WzEsMl0", "W10"])
    async def test_have_no_cursor_but_their_own(self, cursor: str) -> None:
        """It becomes part of a query."""
        with pytest.raises(Unreadable):
            await accesses(await rows_of(), "demo", Sought(cursor=cursor))


REQUIRED = (
    "type.system",
    "type.code",
    "action",
    "recorded",
    "outcome",
    "agent.0.type.coding.0.code",
    "agent.0.who",
    "agent.0.requestor",
    "agent.1.type.coding.0.code",
    "agent.1.who",
    "source.observer",
)
"""What IHE's Basic Audit Log Patterns require of every event."""
OF_REQUESTS = ("subtype.0.code", "agent.0.network.address", "agent.0.altId", "purposeOfEvent.0.coding.0.code")
"""What they require of an answered request beside it: the interaction, from where, by which client, what for."""
OF_PATIENTS = ("entity.0.what.identifier.value", "entity.0.type.code", "entity.0.role.code")
"""And of one about a patient: who it is."""


def at(event: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path.split("."):
        if isinstance(event, list):
            event = event[int(part)] if int(part) < len(event) else None
        else:
            event = event.get(part) if event else None
    return event


class TestAuditEvents:
    async def events(self) -> list[dict[str, Any]]:
        """Every record as one."""
        found = await accesses(await rows_of(*RECORDS), "demo", Sought())
        return [audit_event(record) for record in found.records]

    async def test_are_valid(self) -> None:
        """By FHIR's own model, strictly."""
        for event in await self.events():
            AuditEvent.model_validate(event)

    async def test_have_what_is_required(self) -> None:
        """Who, what, when, how it ended, and who says so."""
        events = await self.events()

        assert [] == [(event["id"], path) for event in events for path in REQUIRED if at(event, path) is None]

    async def test_of_requests_have_more(self) -> None:
        """A person's read of a patient's referral says all that can be asked of it."""
        [event] = [event for event in await self.events() if event["id"].endswith("000001")]

        assert [] == [path for path in (*OF_REQUESTS, *OF_PATIENTS) if at(event, path) is None]
        assert ("R", "0", "read") == (event["action"], event["outcome"], event["subtype"][0]["code"])
        assert [{"type": "opened", "valueString": "contact, show_contact"}] == event["entity"][1]["detail"][:1]

    async def test_say_to_whom_something_was_sent(self) -> None:
        """A disclosure has a recipient."""
        [event] = [event for event in await self.events() if event["id"].endswith("000002")]

        assert "ehr:main" == event["agent"][1]["who"]["identifier"]["value"]
        assert ("110106", "C") == (event["type"]["code"], event["action"])


class TestRoute:
    async def test_shows_what_was_read_and_that_it_was_asked_for(self, tracking: Running) -> None:
        """The officer's own look is on record as every other."""
        async with tracking.client(Role.NURSE, subject="nora.nurse") as nurse:
            await nurse.get(f"/v1/referrals/{ADA}/timeline")
        async with tracking.client(Role.PRIVACY_OFFICER, subject="olga.officer") as officer:
            await officer.get("/v1/access", params={"referral_id": ADA})
            found = (await officer.get("/v1/access", params={"referral_id": ADA})).json()

        assert [("olga.officer", "review_access"), ("nora.nurse", "read")] == [
            (record["subject"], record["purpose"]) for record in found["records"]
        ]
        assert ["allowed", "denied"] == [record["outcome"] for record in found["records"]]

    async def test_speaks_fhir(self, tracking: Running) -> None:
        """A searchset of AuditEvents, with a link to the next page."""
        async with tracking.client(Role.PRIVACY_OFFICER, subject="olga.officer") as officer:
            for _ in range(3):
                await officer.get("/v1/access")
            asked = "/v1/access?subject=olga.officer&limit=2"
            answer = await officer.get(asked, headers={"Accept": "application/fhir+json"})
            bundle = Bundle.model_validate(answer.json())
            links = {link["relation"]: link["url"] for link in answer.json()["link"]}
            after = await officer.get(links["next"], headers={"Accept": "application/fhir+json"})

        assert ("application/fhir+json", 2) == (answer.headers["content-type"], len(bundle.entry or ()))
        assert {"AuditEvent"} == {entry["resource"]["resourceType"] for entry in after.json()["entry"]}

    @pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PRIVACY_OFFICER, Role.PATIENT)])
    async def test_is_the_privacy_officers_alone(self, tracking: Running, role: Role) -> None:
        """Who looked at what is itself nobody else's business."""
        async with tracking.client(role) as caller:
            assert 403 == (await caller.get("/v1/access")).status_code


class TestPage:
    async def test_shows_who_looked(self, tracking: Running) -> None:
        """Person, what for, which referral, how it ended; and leads on to all of that referral."""
        async with tracking.browser(Role.NURSE, subject="nora.nurse") as nurse:
            await nurse.get(f"/v1/referrals/{ADA}/timeline")
        async with tracking.browser(Role.PRIVACY_OFFICER, subject="olga.officer") as officer:
            text = (await officer.get(f"/access?referral_id={ADA}&patient_ref=&subject=nora.nurse&day=")).text

        assert "nora.nurse" in text
        assert f'href="/access?referral_id={ADA}"' in text
        assert "Denied" in text
        assert 'aria-current="page">Access' in text

    async def test_leads_to_what_is_older(self, tracking: Running) -> None:
        """Page by page."""
        async with tracking.browser(Role.PRIVACY_OFFICER) as officer:
            for _ in range(3):
                await officer.get("/access")
            text = (await officer.get("/access?limit=2")).text
            [older] = re.findall(r'href="([^"]+)">Older', text)
            answer = await officer.get(unescape(older))

        assert 200 == answer.status_code
        assert "Older" not in answer.text

    async def test_is_in_nobody_elses_way(self, tracking: Running) -> None:
        """Others neither see nor get it."""
        await tracking.take_in(Telling().received(step("complete_referral", "coordinator", 1)))
        async with tracking.browser(Role.COORDINATOR) as browser:
            refused, shown = await browser.get("/access"), await browser.get(f"/referrals/{REFERRAL}")

        assert (403, 200) == (refused.status_code, shown.status_code)
        assert 'href="/access"' not in shown.text
