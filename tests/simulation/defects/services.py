"""Defects of the services' rules. Each plants one mistake until its monkeypatch is undone."""

# ruff: noqa: SLF001 - a defect reaches into what it breaks

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from services.authorization.domain import cascade as authorization_cascade
from services.intake.domain.state import Referral
from services.notifications.domain import content
from services.notifications.domain.content import Wanted
from services.notifications.domain.state import Conversation
from services.scheduling.domain import calendar_day
from services.scheduling.domain import cascade as scheduling_cascade
from services.scheduling.domain.calendar_day import CalendarDay, Released
from services.scheduling.domain.facts import PlacementFact, SeekingStopped
from services.scheduling.domain.state import Placement
from shared.contracts.language import Command, Task, Tick

Plant = Callable[[pytest.MonkeyPatch], None]


def _claim_released_before_its_attempt_is_dead(patch: pytest.MonkeyPatch) -> None:
    def broken(command: Tick, day: CalendarDay) -> list[Any]:
        return [Released(claim.number) for claim in day.claims if claim.ask_at and claim.ask_at <= command.at]

    patch.setattr(calendar_day, "_ask", broken)


def _check_then_insert_slot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calendar_day, "overlaps", lambda *_: False)


def _cancellation_forgets_the_slot(patch: pytest.MonkeyPatch) -> None:
    def broken(_command: Command, state: Placement) -> list[PlacementFact]:
        return [SeekingStopped()] if state.seeking else []

    patch.setattr(scheduling_cascade, "_wind_down", broken)


def _cancellation_forgets_the_authorization(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authorization_cascade, "_withdraw", lambda *_: [])


def _cancellation_forgets_the_reminders(patch: pytest.MonkeyPatch) -> None:
    wanted = content.wanted

    def broken(conversation: Conversation) -> tuple[Wanted, ...]:
        visits = conversation.visits if conversation.cancelled_at else ()
        known = [visit for visit in visits if content.is_announced(conversation, visit)]
        return (*wanted(conversation), *(reminder for visit in known for reminder in content._reminders(visit)))

    patch.setattr(content, "wanted", broken)


def _waiting_state_without_a_due_time(patch: pytest.MonkeyPatch) -> None:
    def broken(waiting: Referral, task: Task) -> Referral:
        return replace(waiting, situation="awaiting_report", task=task, is_armed=False)

    patch.setattr(import_module("services.intake.domain.evolve"), "_awaiting_report", broken)


SERVICES: Mapping[str, Plant] = {
    "claim released before its attempt is dead": _claim_released_before_its_attempt_is_dead,
    "check-then-insert slot": _check_then_insert_slot,
    "cancellation that forgets the slot": _cancellation_forgets_the_slot,
    "cancellation that forgets the authorization": _cancellation_forgets_the_authorization,
    "cancellation that forgets the reminders": _cancellation_forgets_the_reminders,
    "a waiting state without a due time": _waiting_state_without_a_due_time,
}
