"""What holds of referrals: each order is one, none is lost, and each is closed or waits for somebody."""

from collections import Counter

from tests.chaos.evidence import Evidence, Standing


def lost_or_doubled(evidence: Evidence) -> list[str]:
    """Each order that was taken in is one referral of intake, and intake has no other."""
    there = {d.subject for d in evidence.documents if d.service == "intake"}
    answered = Counter(id_ for order in evidence.answered for id_ in order.ids)
    found = [f"order {o.number} is {len(o.ids)} referrals" for o in evidence.answered if len(o.ids) > 1]
    found += [f"{id_}: acknowledged, and not there" for id_ in answered.keys() - there]
    found += [f"{id_}: there, and never acknowledged" for id_ in there - answered.keys()]
    return found + [f"{id_}: one referral for {n} orders" for id_, n in answered.items() if n > 1]


def refused_later(evidence: Evidence) -> list[str]:
    """Every order is taken in, and when it is sent again at the end it is found to be what it was."""
    return [f"order {o.number}: status {o.refused}" for o in evidence.answered if o.refused is not None]


def left_to_nobody(evidence: Evidence) -> list[str]:
    """Each referral of intake is closed, or waits for an act with an owner and a due time."""
    standings = {standing.subject: standing for standing in evidence.standings}
    intake = [d.subject for d in evidence.documents if d.service == "intake"]
    return [f"{id_}: neither closed nor waiting" for id_ in intake if not _is_looked_after(standings.get(id_))]


def cancelled_but_going_on(evidence: Evidence) -> list[str]:
    """A cancelled referral winds down."""
    phases = {standing.subject: standing.phase for standing in evidence.standings}
    cancelled = [id_ for order in evidence.answered if order.is_cancelled for id_ in order.ids]
    return [
        f"{id_}: cancelled, and {phases.get(id_)}"
        for id_ in cancelled
        if phases.get(id_) not in ("winding_down", "closed")
    ]


def _is_looked_after(standing: Standing | None) -> bool:
    if standing is None:
        return False
    return standing.phase == "closed" or None not in (standing.act, standing.owner, standing.due_at)
