"""Outbound calls that nobody makes: for tests that make them themselves, or of aggregates that owe none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.effects.protocol import LEASE
from shared.engine.outbound_calls import Submit
from shared.engine.unit_of_work import UnitOfWork
from shared.ports import Traits


@dataclass
class Uncalled:
    """Writes nothing down and makes nothing; `traits` say what the systems outside would promise."""

    traits: Mapping[str, Traits] = field(default_factory=dict)

    def begin(self, unit: UnitOfWork) -> None:
        """Nothing."""

    def drive(self, unit: UnitOfWork, submit: Submit) -> None:
        """Nothing."""

    def release(self, unit: UnitOfWork, submit: Submit, *, is_certain: bool) -> None:
        """Nothing."""

    def lease(self) -> timedelta:
        """As long as a call would be ours."""
        return LEASE
