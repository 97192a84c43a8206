"""What holds of visits: no two at once, and calendar, placements and offices agree."""

from collections import defaultdict
from itertools import pairwise

from tests.chaos.evidence import Evidence, Visit


def overlapping(evidence: Evidence) -> list[str]:
    """No patient, practitioner or room is in two visits at once."""
    used: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in evidence.visits:
        for resource in visit.resources if visit.is_kept else ():
            used[resource].append(visit)
    return [
        f"{resource}: {one.visit_id} and {other.visit_id}"
        for resource, visits in used.items()
        for one, other in pairwise(sorted(visits, key=lambda visit: visit.starts_at))
        if other.starts_at < one.ends_at
    ]


def booked_without_claims(evidence: Evidence) -> list[str]:
    """A visit that is kept has its claim in each of its days."""
    claims = {(claim.day, claim.placement, claim.attempt) for claim in evidence.claims}
    return [
        f"{visit.visit_id}: no claim in {day}"
        for visit in evidence.visits
        if visit.is_kept
        for day in visit.days
        if (day, visit.subject, visit.attempt) not in claims
    ]


def claimed_for_nothing(evidence: Evidence) -> list[str]:
    """No day is blocked by an attempt that is dead: what was given up is released."""
    return [f"{c.day}: attempt {c.attempt} of {c.placement}" for c in evidence.claims if c.life == "dead"]


def kept_though_cancelled(evidence: Evidence) -> list[str]:
    """Whoever cancelled a referral is expected nowhere: a visit that lies ahead is given back."""
    cancelled = {id_ for order in evidence.answered if order.is_cancelled for id_ in order.ids}
    return [
        f"{visit.visit_id}: its referral is cancelled, and it is kept at {visit.starts_at}"
        for visit in evidence.visits
        if visit.is_kept and visit.subject in cancelled and visit.starts_at > evidence.read_at
    ]


def given_up_but_not_at_the_office(evidence: Evidence) -> list[str]:
    """A visit that was cancelled or moved is withdrawn at its office, and one that is kept is not."""
    counts = evidence.outside.get("visit", {})
    found = []
    for visit in evidence.visits:
        there = counts.get(visit.visit_id, {})
        stands = there.get("effects", 0) > there.get("withdrawn", 0)
        if stands and not visit.is_kept:
            found.append(f"{visit.visit_id}: given up, and the office expects the patient")
        if visit.is_kept and there.get("withdrawn", 0):
            found.append(f"{visit.visit_id}: kept, and withdrawn at the office")
    return found
