"""What every service may publish about its own work on a referral: it is parked, it goes on, its tasks changed."""

from typing import ClassVar

from shared.contracts.language import Fact, Reason


class ReferralParked(Fact):
    """The telling service could not take in something about this referral; an operator has the task."""

    TYPE: ClassVar[str] = "org.throughline.processing.parked"

    referral_id: str
    reason: Reason


class ReferralUnparked(Fact):
    """Nothing waits any more: the service has taken in, or an operator has given up, all that was parked."""

    TYPE: ClassVar[str] = "org.throughline.processing.unparked"

    referral_id: str


class StepChanged(Fact):
    """The tasks changed by something that is nobody else's business; `tasks` are those that are open now.

    Every fact carries the tasks after it; without this one, tasks that change in private would go stale outside.
    """

    TYPE: ClassVar[str] = "org.throughline.processing.step-changed"

    referral_id: str


FACTS: tuple[type[Fact], ...] = (ReferralParked, ReferralUnparked, StepChanged)
