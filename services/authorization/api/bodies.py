"""The request bodies of people. Codes and dates; no field in which patient data would travel on."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from shared.contracts.authorization import Window
from shared.service.commands import CONTRACT, ReasonIn

Reference = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Units = Annotated[int, Field(ge=1, le=1000)]


class DecisionIn(BaseModel):
    """What the payer said by telephone or portal. `action` is of X12 306; A1, A2 and A6 need the `window` granted."""

    model_config = CONTRACT

    action: Literal["A1", "A2", "A3", "A4", "A6", "NA"]
    reference: Reference
    window: Window | None = None
    units: Units = 1
    decision_due_at: AwareDatetime | None = None
    reason: ReasonIn | None = None


class EligibilityIn(BaseModel):
    """What the payer said of the policy by telephone or portal, in the codes of X12 271."""

    model_config = CONTRACT

    eb01: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,2}$")]
    """EB01: 1 to 5 mean that it is in force, 6 to 8 that it is not."""
    auth_required: Literal["Y", "N", "U"]
    """EB11: whether a visit needs the payer's authorization; U where the payer did not say."""
    valid_on: date
    """The day that the payer spoke of."""
    reference: Reference
    """The payer's number of the call; it is sealed."""


class PeerToPeerIn(BaseModel):
    """How the talk with the payer's physician ended, as X12 306: A3 where the denial stands.

    A1, A2 and A6 need the `window` granted.
    """

    model_config = CONTRACT

    action: Literal["A1", "A2", "A3", "A6"]
    reference: Reference
    window: Window | None = None
    units: Units = 1
    reason: ReasonIn | None = None


class OverrideIn(BaseModel):
    """Why the visit goes ahead without the payer's decision."""

    model_config = CONTRACT

    reason: ReasonIn


class CoverageIn(BaseModel):
    """The policy as it really is. It replaces what was on file."""

    model_config = CONTRACT

    payer_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    member_id: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    plan: Annotated[str, StringConstraints(max_length=100)] | None = None


class EmptyIn(BaseModel):
    """Nothing but the wish."""

    model_config = CONTRACT
