"""The instructions that a message about an order can contain: place it, revoke it, or put it on hold.

The API reads bytes into instructions and decides nothing about them; the decision is made with the referral at hand.
No patient data is kept: like an order, an instruction is made for one request and gone when it is carried out.
"""

from dataclasses import dataclass
from typing import Literal

from services.intake.domain.order import Identifier, Order

Withdrawal = Literal["revoked", "entered-in-error", "deceased", "superseded"]
"""Why an order counts no more: FHIR's request-status where it has a word, else our own outcome."""


@dataclass(frozen=True, slots=True)
class Place:
    """Take the order in, or see what is new in it. `replaces` names the orders that it takes the place of."""

    order: Order
    replaces: tuple[Identifier, ...] = ()

    @property
    def number(self) -> Identifier:
        """The one that the order is placed under."""
        return self.order.number


@dataclass(frozen=True, slots=True)
class Revoke:
    """The order known by any of these names is revoked; it was placed under the first."""

    names: tuple[Identifier, ...]
    reason: Withdrawal

    @property
    def number(self) -> Identifier:
        """The one that the order was placed under."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Hold:
    """Begin nothing new for the order known by any of these names, until it comes again as one to be placed."""

    names: tuple[Identifier, ...]

    @property
    def number(self) -> Identifier:
        """The one that the order was placed under."""
        return self.names[0]


Instruction = Place | Revoke | Hold
