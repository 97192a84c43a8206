"""Planted defects: ways in which a referral could be left with nobody, each put in from outside. Nothing here is a fix.

`plant[name](monkeypatch)` breaks one promise of one service until the monkeypatch is undone.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.authorization import views as authorization_views
from services.authorization.domain import allowed as allowed_of_case
from services.intake.domain import ending, evolve
from services.intake.domain.state import Referral
from services.scheduling import views as scheduling_views
from services.scheduling.api import access
from services.scheduling.domain import decide, duties
from services.scheduling.domain.commands import EndPlacement, HoldPlacement
from services.tracking import store
from shared.contracts.intake import ConsultReportReceived, ReferralClosed
from tests.support.five_services.plans import PROVIDERS

Plant = Callable[[pytest.MonkeyPatch], None]


def _state_without_due_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(duties, "_of_seeking", lambda _state: ())


def _deadline_not_armed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(duties, "_visit_due", lambda _state: None)


def _end_without_reason(patch: pytest.MonkeyPatch) -> None:
    close = ending.close_with

    def broken(*arguments: Any) -> ReferralClosed:
        return close(*arguments).model_copy(update={"reason": None, "evidence_ref": None})

    patch.setattr(ending, "close_with", broken)


def _end_taken_back(patch: pytest.MonkeyPatch) -> None:
    folds: Any = vars(sys.modules[evolve.__module__])["_FOLDS"]
    fold: Callable[[Referral, ConsultReportReceived], Referral] = folds[ConsultReportReceived]

    def broken(referral: Referral, fact: ConsultReportReceived) -> Referral:
        return fold(_opened(referral), fact)

    patch.setitem(folds, ConsultReportReceived, broken)


def _opened(referral: Referral) -> Referral:
    values = {name: getattr(referral, name) for name in referral.__slots__}
    return Referral(**{**values, "situation": "in_progress" if referral.is_closed else referral.situation})


def _button_that_is_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authorization_views, "allowed", lambda case: allowed_of_case(case) | {"resubmit"})


def _buttons_that_are_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scheduling_views, "allowed", lambda *_circumstances: frozenset())


def _another_office_let_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "put_to", lambda _placement, _act: frozenset(PROVIDERS))


def _end_not_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(vars(sys.modules[decide.__module__])["_DECISIONS"], EndPlacement, lambda _command, _state: [])


def _hold_not_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(vars(sys.modules[decide.__module__])["_DECISIONS"], HoldPlacement, lambda _command, _state: [])


def _late_act_not_listed(patch: pytest.MonkeyPatch) -> None:
    overdue = store.overdue
    patch.setattr(store, "overdue", lambda now: overdue(now - timedelta(days=30)))


PLANTS: Mapping[str, tuple[Plant, str]] = {
    "a waiting state without a due time": (_state_without_due_time, "waits for nobody|the worklist shows"),
    "a deadline that is not armed": (_deadline_not_armed, "which is overdue|with no person"),
    "an end without a reason": (_end_without_reason, "neither reason nor evidence"),
    "an end that is taken back": (_end_taken_back, "took the end of|disagree"),
    "a button that is refused": (_button_that_is_refused, "was shown and refused"),
    "buttons that are missing": (_buttons_that_are_missing, "was not shown, and did something"),
    "an office that another's referral is open to": (_another_office_let_in, "another office was let in"),
    "an end that is not heard": (_end_not_heard, "disagree|still stands|still works on it"),
    "a hold that is not heard": (_hold_not_heard, "on hold since .*others disagree"),
    "a late act that is not listed": (_late_act_not_listed, "is not surfaced|among the overdue"),
}
"""Defects of the services, which histories find, and what they say then."""
