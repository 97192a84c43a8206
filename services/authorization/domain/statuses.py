"""The situations of a case: first of its coverage, then of its request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from services.authorization.domain.payers import PolicyOnFile
from shared.contracts.authorization import AuthorizedItem


@dataclass(frozen=True)
class Unchecked:
    """Nobody has been asked about the coverage."""

    name: Literal["unchecked"] = "unchecked"


UNCHECKED: Final = Unchecked()


@dataclass(frozen=True)
class Checking:
    """The payer is asked whether the policy is in force."""

    policy: PolicyOnFile
    due_at: datetime
    name: Literal["checking"] = "checking"


@dataclass(frozen=True)
class CoverageProblem:
    """It is not in force, or the payer did not say: a person finds out. `is_answered` tells the two apart."""

    policy: PolicyOnFile
    due_at: datetime
    is_answered: bool
    name: Literal["coverage_problem"] = "coverage_problem"


@dataclass(frozen=True)
class Covered:
    """The policy is in force. `certificate` is the payer's number of what it told a person, sealed for coverage."""

    policy: PolicyOnFile
    needs_authorization: bool
    certificate: str | None = None
    name: Literal["covered"] = "covered"


@dataclass(frozen=True)
class SelfPay:
    """The patient pays, so no authorization is needed."""

    name: Literal["self_pay"] = "self_pay"


Questioned = Checking | CoverageProblem | Covered
"""A check or a request that a payer was asked."""
Coverage = Annotated[Unchecked | Questioned | SelfPay, Field(discriminator="name")]


@dataclass(frozen=True)
class Submitting:
    """The request is under way. `due_at`: when a person is told that the payer did not receive it."""

    due_at: datetime
    name: Literal["submitting"] = "submitting"


@dataclass(frozen=True)
class Pended:
    """The payer has it and must decide by `due_at`.

    `asked_for` are codes of the records that it wants; until `records_due_at` we owe them, unless that is None.
    """

    due_at: datetime
    asked_for: tuple[str, ...] = ()
    records_due_at: datetime | None = None
    name: Literal["pended"] = "pended"


PersonAct = Literal["review_payer_answer", "call_payer", "confirm_submission"]


@dataclass(frozen=True)
class AwaitingPerson:
    """The request needs a person."""

    act: PersonAct
    due_at: datetime
    name: Literal["awaiting_person"] = "awaiting_person"


@dataclass(frozen=True)
class Approved:
    """The payer certified these items; the last of their windows is over at `until`."""

    items: tuple[AuthorizedItem, ...]
    until: datetime
    name: Literal["approved"] = "approved"


@dataclass(frozen=True)
class Exempt:
    """The payer says that this provider needs no authorization."""

    name: Literal["exempt"] = "exempt"


@dataclass(frozen=True)
class Denied:
    """The payer denied the request; the clinician may still speak with the payer's physician."""

    peer_to_peer_until: datetime
    appeal_until: datetime
    name: Literal["denied"] = "denied"


@dataclass(frozen=True)
class Appealable:
    """The payer denied the request, and only an appeal is left."""

    until: datetime
    name: Literal["appealable"] = "appealable"


RequestStatus = Annotated[
    Submitting | Pended | AwaitingPerson | Approved | Exempt | Denied | Appealable, Field(discriminator="name")
]
