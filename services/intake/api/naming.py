"""Under which id the referral of an order is, whichever of its names a message uses.

A name leads to the id that is derived from it. There is the referral, or nothing yet, or a redirect to another id; a
redirect is written before the referral that it leads to. So a crash in between leaves nothing that a second message,
with any of the names, does not finish: no transaction over two documents is needed, and there is one referral.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api.sender import Sender
from services.intake.domain import Redirect, RedirectOrder, Referral
from services.intake.domain.order import Identifier
from services.intake.domain.receiving import ELSEWHERE
from shared.errors import Busy, NotFound, Rejected

ATTEMPTS: Final = 5
MayBe = Callable[[Referral], bool]
_MOST_REDIRECTS: Final = 20
"""Redirects lead to a referral, or else to a lesser id: they cannot go round, and this is never reached."""


@dataclass(frozen=True)
class Named:
    """Where the names of an order lead. `others` are further referrals under those names; there should be none."""

    referral_id: str
    is_known: bool
    others: tuple[str, ...] = ()
    open_ends: tuple[str, ...] = ()
    """Ids at which there is nothing yet, and which must lead to the referral."""


async def found_by(names: Sequence[Identifier], sender: Sender, may_be: MayBe = lambda _referral: True) -> Named:
    """Where the names lead now; the first that leads to a referral counts.

    The number of an order says which it is. Any other name does so where the referral `may_be` of it: else it is a name
    that was given twice, and leads nowhere.
    """
    number, *others = [{id_: await _root(id_, sender) for id_ in sender.ids_of(name)} for name in names]
    may_come = {id_ for name in names for id_ in sender.places_of(name)}
    places = {root for of_name in (number, *others) for id_, (root, _) in of_name.items() if id_ in may_come}
    also = (root for of_name in others for root in of_name.values() if root[1] is None or may_be(root[1]))
    roots = dict([*number.values(), *also])
    known = [id_ for id_, found in roots.items() if found]
    empty = [id_ for id_, found in roots.items() if found is None and id_ in places]
    first = known[0] if known else min(empty)
    open_ends = (id_ for id_ in empty if id_ != first)
    return Named(first, bool(known), tuple(known[1:]), tuple(open_ends))


async def settled(names: Sequence[Identifier], sender: Sender, may_be: MayBe) -> Named:
    """Where the names lead, once they all lead there. Raises Busy when others keep writing redirects."""
    for _ in range(ATTEMPTS):
        named = await found_by(names, sender, may_be)
        try:
            for id_ in named.open_ends:
                command = RedirectOrder(**sender.attribution(), to=named.referral_id)
                await sender.execute(id_, command, named.referral_id)
        except Rejected as rejected:
            if rejected.code != ELSEWHERE:
                raise
        else:
            return named
    raise Busy


async def _root(id_: str, sender: Sender) -> tuple[str, Referral | None]:
    """The end of the redirects, and the referral that is there, if there is one."""
    for _ in range(_MOST_REDIRECTS):
        state = await _state(id_, sender)
        if not isinstance(state, Redirect):
            return id_, state if isinstance(state, Referral) else None
        id_ = state.to
    raise Busy


async def _state(id_: str, sender: Sender) -> Any:
    try:
        return (await sender.service.read(id_)).state
    except NotFound:
        return None
