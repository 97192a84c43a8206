"""What people do about a referral, at any moment and in any order; much of it is refused, and that is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Rejected
from tests.simulation.cluster import Cluster
from tests.simulation.services.connections import Doors

REASON = {"system": "throughline", "code": "somebody-said-so"}
MISTAKES = ("400", "401", "403", "415", "422")
"""Answers that say that the simulation speaks badly."""


@dataclass(frozen=True)
class Seen:
    """What somebody sees of a referral before doing something: what is stored of it, by service."""

    referral_id: str
    states: Mapping[str, Any]

    def visit_id(self) -> str:
        """The last visit."""
        visits = self.states["scheduling"].get("visits", [])
        return str(visits[-1]["visit_id"]) if visits else "none"

    def report_id(self) -> str:
        """The last report."""
        reports = self.states["intake"].get("reports", [])
        return str(reports[-1]["report_id"]) if reports else "none"


Body = Callable[[Seen], Mapping[str, Any]]
Act = tuple[int, str, str, str, Body]
"""How often, who, in which service, by which route, and with what body."""
FOUGHT_OVER: Act = (
    3,
    "coordinator",
    "scheduling",
    "booking",
    lambda _: {"start": "2026-03-17T13:00:00+00:00", "booked_by": "own"},
)
ACTS: Sequence[Act] = (
    FOUGHT_OVER,
    (3, "coordinator", "intake", "cancellation", lambda _: {"asked_by": "patient", "reason": REASON}),
    (1, "lead", "intake", "closing", lambda _: {"outcome": "care_elsewhere", "reason": REASON}),
    (1, "lead", "intake", "closing", lambda _: {"outcome": "seen_no_report", "reason": REASON}),
    (
        2,
        "specialist",
        "intake",
        "reports",
        lambda seen: {"report_id": f"rp-{seen.referral_id}", "kind": "final", "document_ref": "shelf 9"},
    ),
    (3, "clinician", "intake", "acknowledgement", lambda seen: {"report_id": seen.report_id()}),
    (2, "coordinator", "intake", "pathway", lambda _: {"pathway": "pw-9x4k2m"}),
    (2, "clinician", "authorization", "override", lambda _: {"reason": REASON}),
    (2, "coordinator", "authorization", "resubmission", lambda _: {}),
    (1, "coordinator", "authorization", "self-pay", lambda _: {}),
    (2, "coordinator", "authorization", "coverage", lambda _: {"payer_id": "medicare", "member_id": "M-9"}),
    (1, "coordinator", "authorization", "decision", lambda _: {"action": "A3", "reference": "R-1", "reason": REASON}),
    (
        2,
        "coordinator",
        "authorization",
        "decision",
        lambda _: {"action": "A1", "reference": "R-2", "window": {"start": "2026-03-01", "end": "2026-06-30"}},
    ),
    (3, "coordinator", "scheduling", "provider", lambda _: {"provider_ref": "pr-near", "site_ref": "st-north"}),
    (2, "coordinator", "scheduling", "provider", lambda _: {"provider_ref": "pr-house", "site_ref": "st-north"}),
    (
        1,
        "specialist",
        "scheduling",
        "booking",
        lambda _: {"start": "2026-03-24T23:30:00+00:00", "booked_by": "external", "provider_ref": "pr-late"},
    ),
    (
        3,
        "coordinator",
        "scheduling",
        "visit-cancellation",
        lambda seen: {"visit_id": seen.visit_id(), "reason": REASON},
    ),
    (
        3,
        "specialist",
        "scheduling",
        "outcome",
        lambda seen: {"visit_id": seen.visit_id(), "outcome": "fulfilled", "evidence_ref": "ev-1"},
    ),
    (
        2,
        "specialist",
        "scheduling",
        "outcome",
        lambda seen: {"visit_id": seen.visit_id(), "outcome": "missed", "evidence_ref": "ev-2"},
    ),
    (1, "coordinator", "scheduling", "appointment", lambda seen: {"visit_id": seen.visit_id()}),
    (3, "nurse", "notifications", "contact", lambda _: {"reached": False, "outcome": "no_answer"}),
    (1, "nurse", "notifications", "contact", lambda _: {"reached": True, "outcome": "will_attend"}),
)
PLACES = {
    "intake": "referrals",
    "authorization": "cases",
    "scheduling": "placements",
    "notifications": "conversations",
}
"""Per service the name of its routes and of its collection."""


@dataclass
class Staff:
    """Does things by the services' routes, and keeps what was answered."""

    cluster: Cluster
    doors: Doors
    done: list[tuple[str, str, str]] = field(default_factory=list)
    _count: int = 0

    async def act(self, referral_id: str, act: Act) -> None:
        """Do one thing about a referral."""
        _, role, service, route, body = act
        self._count += 1
        path = f"/v1/{PLACES[service]}/{referral_id}/{route}"
        request = self.doors.by_person(role, service, path, body(self._seen(referral_id)), f"key-{self._count}")
        try:
            await self.doors.ask(request)
        except Rejected as refusal:
            if refusal.code in MISTAKES:
                self.cluster.complain(f"{path} was asked badly: {refusal.code} {refusal.message}")
        else:
            self.done.append((service, referral_id, route))

    def _seen(self, referral_id: str) -> Seen:
        documents = {
            service: next((d for d in self.cluster.disk.documents(f"{service}.{name}") if d["_id"] == referral_id), {})
            for service, name in PLACES.items()
        }
        return Seen(referral_id, {service: document.get("state", {}) for service, document in documents.items()})
