"""What leaves, message by message, where access records cannot be written; and what is on record where they can."""

import logging
from dataclasses import replace
from typing import Annotated, Any

import pytest
import structlog
from fastapi import APIRouter, FastAPI

from shared.audit import Opened, Recorder, about
from shared.identity import AccessPolicy, Caller, Role, permit
from shared.web import create_app
from tests.support.callers import Issuer
from tests.support.memory import Disk, MemoryRows, Weather

POLICY: AccessPolicy = {"read": frozenset({Role.NURSE})}
SECRET = "Zephyrine-Quillfeather-1931"
REFERRAL = "demo-" + "a" * 26
NAME = "doors.access"


class Service:
    """A small service with a recorder."""

    def __init__(self) -> None:
        self.disk, self.issuer = Disk(), Issuer()
        self.recorder = Recorder("doors", MemoryRows(self.disk, NAME, Weather()), "doors-1", lambda: self.issuer.now_s)
        self.app = self._app()

    def _app(self) -> FastAPI:
        router = APIRouter()

        @router.api_route("/v1/referrals/{referral_id}", methods=["GET", "POST"])
        async def read(referral_id: str, caller: Annotated[Caller, permit("read")]) -> dict[str, str]:
            self.recorder.opened(Opened("contact", "show", referral_id), caller.tenant)
            about(referral_id, "patient-1")
            return {"name": SECRET}

        return create_app("Doors", [router], replace(self.issuer.guard(POLICY), recorder=self.recorder))

    async def sent(self, method: str, *roles: Role, path: str = REFERRAL) -> list[dict[str, Any]]:
        """Every message that leaves."""
        token = self.issuer.token(*roles) if roles else "none"
        scope = {
            "type": "http",
            "method": method,
            "path": f"/v1/referrals/{path}",
            "raw_path": b"",
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "client": ("192.0.2.7", 4711),
            "server": ("doors.example", 80),
            "scheme": "http",
            "root_path": "",
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        return messages

    def rows(self) -> list[dict[str, Any]]:
        """What is on record."""
        return self.disk.rows_of(NAME)


class TestAnswer:
    @pytest.mark.parametrize(("method", "code"), [("GET", b"unavailable"), ("POST", b"outcome_unknown")])
    async def test_does_not_leave_while_nothing_can_be_put_on_record(self, method: str, code: bytes) -> None:
        """503 and no content. What a write asked for may have been done, and the answer does not deny it."""
        service = Service()
        service.disk.is_database_down = True

        start, body = await service.sent(method, Role.NURSE)

        assert 503 == start["status"]
        assert b"retry-after" in dict(start["headers"])
        assert code in body["body"]
        assert SECRET.encode() not in body["body"]

    async def test_leaves_when_it_is_on_record(self) -> None:
        """Who, in which role, from where, which seals, whose referral."""
        service = Service()

        start, body = await service.sent("GET", Role.NURSE)

        assert (200, SECRET.encode() in body["body"]) == (start["status"], True)
        [row] = service.rows()
        assert ("192.0.2.7", ["nurse"], "read", [REFERRAL], "patient-1", [["contact", "show", REFERRAL]]) == tuple(
            row[name] for name in ("address", "roles", "purpose", "referrals", "patient_ref", "opened")
        )

    @pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.CRITICAL])
    async def test_is_on_record_whatever_is_logged(self, level: int) -> None:
        """A log level is for operators; it is no switch for what must be known."""
        service = Service()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))

        await service.sent("GET", Role.NURSE)
        await service.sent("GET", Role.COORDINATOR)
        structlog.reset_defaults()

        assert ["allowed", "denied"] == [row["outcome"] for row in service.rows()]

    async def test_holds_no_address_that_a_stranger_made_up(self) -> None:
        """A path can say anything: ids of ours and route templates are all that is kept of it."""
        service = Service()

        await service.sent("GET", Role.COORDINATOR, path=SECRET)

        assert SECRET not in repr(service.rows())
        assert ["/v1/referrals/{referral_id}"] == [row["route"] for row in service.rows()]

    async def test_names_no_referral_of_another_tenant(self) -> None:
        """That it was asked for is on record; which one it was is none of this tenant's business."""
        service = Service()

        [start, _] = await service.sent("GET", Role.NURSE, path="other-" + "a" * 26)

        assert 404 == start["status"]
        assert [("denied", [])] == [(row["outcome"], row["referrals"]) for row in service.rows()]

    async def test_to_strangers_is_counted(self) -> None:
        """By address; the store is not asked, and what is refused needs none."""
        service = Service()
        service.disk.is_database_down = True
        for _ in range(3):
            start, _ = await service.sent("GET")
            assert 401 == start["status"]
        service.disk.is_database_down = False

        await service.recorder.close()

        assert [("192.0.2.7", 3)] == [(row["address"], row["count"]) for row in service.rows()]
