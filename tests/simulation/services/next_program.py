"""The next program of every service, as a release may be: it keeps more in two states, and tells two facts anew.

Placements and cases have one more field, under a higher `schema` with an upcaster: how often a fact was told of them in
the version that only this program knows. So what a document says can be held against what was told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

from services.authorization.domain import Case
from services.scheduling.domain import Placement
from shared.contracts.authorization import AuthorizationSubmitted
from shared.contracts.catalogue import wire_type
from shared.contracts.language import Command, Fact
from shared.contracts.scheduling import ProviderChosen
from shared.engine import Decider
from shared.messaging.inbox import EventContext, Reaction
from shared.service import Blueprint, Parts
from tests.simulation.services.direct_requests import blueprints

ADDED = "told_anew"


@dataclass(frozen=True)
class NextPlacement(Placement):
    """A placement of the next program."""

    told_anew: int = 0


@dataclass(frozen=True)
class NextCase(Case):
    """A case of the next program."""

    told_anew: int = 0


class NextProviderChosen(ProviderChosen):
    """The same in the version that only the next program knows."""

    VERSION: ClassVar[int] = 2


class NextAuthorizationSubmitted(AuthorizationSubmitted):
    """The same in the version that only the next program knows."""

    VERSION: ClassVar[int] = 2


@dataclass(frozen=True)
class _Change:
    """What the next program changes of one service: its state, and a fact."""

    state: Any
    before: type[Fact]
    now: type[Fact]

    def as_before(self, fact: Any) -> Any:
        """A fact as the program of before has it."""
        return self.before(**vars(fact)) if isinstance(fact, self.now) else fact

    def as_now(self, fact: Any) -> Any:
        """A fact as the next program tells it."""
        return self.now(**vars(fact)) if type(fact) is self.before else fact


CHANGES: Mapping[str, _Change] = {
    "scheduling": _Change(NextPlacement(), ProviderChosen, NextProviderChosen),
    "authorization": _Change(NextCase(), AuthorizationSubmitted, NextAuthorizationSubmitted),
}
"""By the service that tells it."""
NEWER: Mapping[str, type[Fact]] = {wire_type(change.now): change.before for change in CHANGES.values()}
"""The types that the program of before does not know, and what they were."""


@cache
def next_blueprints() -> Mapping[str, Blueprint]:
    """What each service consists of."""
    return {name: _next(plan) for name, plan in blueprints().items()}


def _next(plan: Blueprint) -> Blueprint:
    main, *others = plan.kinds
    if change := CHANGES.get(plan.name):
        main = replace(main, decider=_grown(main.decider, change))
    heard = [change for teller, change in CHANGES.items() if teller in main.consumes]

    def reactions(parts: Parts) -> Mapping[type[Fact], Reaction]:
        known = main.reactions(parts)
        return {**known, **{change.now: _reaction(known.get(change.before), change) for change in heard}}

    return replace(plan, kinds=(replace(main, reactions=reactions), *others))


def _reaction(known: Reaction | None, change: _Change) -> Reaction:
    def reaction(fact: Fact, heard: EventContext) -> Command | None:
        return known(change.as_before(fact), heard) if known else None

    return reaction


def _grown(decider: Decider, change: _Change) -> Decider:
    def decide(command: Any, state: Any) -> list[Any]:
        return [change.as_now(fact) for fact in decider.decide(command, state)]

    def evolve(state: Any, fact: Any) -> Any:
        folded = decider.evolve(state, change.as_before(fact))
        return replace(folded, told_anew=folded.told_anew + 1) if isinstance(fact, change.now) else folded

    added: Callable[[Any], Any] = lambda stored: {ADDED: 0, **stored}  # noqa: E731 - one of a mapping
    return replace(
        decider,
        initial=change.state,
        state_type=type(change.state),
        decide=decide,
        evolve=evolve,
        schema=decider.schema + 1,
        upcasters={**decider.upcasters, decider.schema: added},
    )
