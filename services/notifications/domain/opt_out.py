"""Whether whoever holds a telephone number wants our texts. Its own aggregate, for all referrals; it publishes nothing.

One document per number, keyed so that the number cannot be read from it. Conversations ask it before each text. A
number is stopped until its holder writes START: a new referral, another patient or a changed contact take nothing back
(47 CFR 64.1200(a)(10)). Each stop is confirmed by one text, unless the gateway confirms it itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from shared.contracts.language import Command, Effect, EffectNeedsPerson, Task
from shared.errors import Rejected

CONFIRMATION: Final = "confirmation"
"""The kind of the effect that confirms a stop."""
_URGENCY: Final = 1


@dataclass(frozen=True, slots=True)
class OptOut:
    """One number. `number` is sealed; `confirmations` counts the stops that we confirm ourselves."""

    is_stopped: bool = False
    number: str | None = None
    confirmations: int = 0
    is_confirmed_by_us: bool = False


NO_OPT_OUT: Final = OptOut()


@dataclass(frozen=True, kw_only=True)
class StopTexts(Command):
    """The holder wants no more texts. `is_confirmed`: the gateway has said so to them, or may not."""

    number: str
    is_confirmed: bool


@dataclass(frozen=True, kw_only=True)
class AllowTexts(Command):
    """The holder wants texts again."""


@dataclass(frozen=True, kw_only=True)
class DropConfirmation(Command):
    """The gateway refuses the confirmation for good: it has answered by itself, or the number takes no texts."""


@dataclass(frozen=True)
class TextsStopped:
    """No text may go to this number."""

    number: str
    is_confirmed: bool


@dataclass(frozen=True)
class TextsAllowed:
    """Texts may go to this number again."""


@dataclass(frozen=True)
class ConfirmationDropped:
    """The stop holds, and nobody is told so."""


OptOutFact = TextsStopped | TextsAllowed | ConfirmationDropped


def decide(command: Command, opt_out: OptOut) -> list[OptOutFact]:
    """Return the facts that follow: none if it is so already."""
    match command:
        case StopTexts():
            return [] if opt_out.is_stopped else [TextsStopped(command.number, command.is_confirmed)]
        case AllowTexts():
            return [TextsAllowed()] if opt_out.is_stopped else []
        case DropConfirmation() | EffectNeedsPerson():
            return [ConfirmationDropped()] if opt_out.is_confirmed_by_us else []
    raise Rejected("unknown-command", "An opt-out does not know this command.")


def evolve(opt_out: OptOut, fact: OptOutFact) -> OptOut:
    """Fold one fact."""
    match fact:
        case TextsStopped():
            is_ours = not fact.is_confirmed
            return OptOut(
                is_stopped=True,
                number=fact.number,
                confirmations=opt_out.confirmations + is_ours,
                is_confirmed_by_us=is_ours,
            )
        case TextsAllowed():
            return replace(opt_out, is_stopped=False, is_confirmed_by_us=False)
        case ConfirmationDropped():
            return replace(opt_out, is_confirmed_by_us=False)


def tasks(_opt_out: OptOut) -> tuple[Task, ...]:
    """None: whom no text reaches is reached otherwise, by the conversation."""
    return ()


def next_due(_opt_out: OptOut) -> datetime | None:
    """Nothing waits for a time."""
    return None


def wanted_effects(opt_out: OptOut) -> Sequence[Effect]:
    """The one text that confirms the stop that holds."""
    if not opt_out.is_confirmed_by_us:
        return []
    return [Effect(kind=CONFIRMATION, revision=opt_out.confirmations, target="sms", urgency=_URGENCY)]
