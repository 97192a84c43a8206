"""What people write. Codes and dates; nothing in which patient data would travel on."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from shared.contracts.authorization import Window
from shared.service.commands import CONTRACT, ReasonIn


class DecisionIn(BaseModel):
    """What the payer said by telephone or portal. `action` is of X12 306; A1, A2 and A6 need the `window` granted."""

    model_config = CONTRACT

    action: Literal["A1", "A2", "A3", "A4", "A6", "NA"]
    reference: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    window: Window | None = None
    units: Annotated[int, Field(ge=1, le=1000)] = 1
    decision_due_at: AwareDatetime | None = None
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
