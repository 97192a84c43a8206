"""How pages group what they show: a worklist by urgency, a timeline by day, a summary as a table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby

from services.tracking.domain import Status
from services.tracking.store import Sort
from services.tracking.views.labels import PRIORITIES, STATUSES, day
from services.tracking.views.rows import Row, Shown
from services.tracking.views.summary import ByState, Summary
from services.tracking.views.timeline import Timeline, TimelineEntry
from services.tracking.views.worklist import Page

SOON = timedelta(hours=24)


class Section(Shown):
    """Some rows under a heading."""

    title: str
    is_overdue: bool
    rows: tuple[Row, ...]


class Matrix(Shown):
    """Open referrals counted by payer (down) and state (across), with totals last."""

    states: tuple[Status, ...]
    lines: tuple[tuple[str | None, tuple[int, ...]], ...]
    totals: tuple[int, ...]


def sections(page: Page, sort: Sort) -> tuple[Section, ...]:
    """The rows of a page under headings, in their order."""
    titled = groupby(page.items, lambda row: PRIORITIES[row.priority] if sort == "priority" else _when(row, page))
    return tuple(Section(title=title, is_overdue=title == "Overdue", rows=tuple(rows)) for title, rows in titled)


def by_day(timeline: Timeline) -> tuple[tuple[str, tuple[TimelineEntry, ...]], ...]:
    """The facts of each day, the latest day and its latest fact first: what is new is on top."""
    latest_first = reversed(timeline.facts)
    return tuple((title, tuple(facts)) for title, facts in groupby(latest_first, lambda entry: day(entry.recorded_at)))


def matrix(summary: Summary) -> Matrix:
    """The open referrals of a summary as a table."""
    still_open = [group for group in summary.by_state if group.state != "closed"]
    states = tuple(state for state in STATUSES if any(group.state == state for group in still_open))
    payers = sorted({group.payer for group in still_open}, key=lambda payer: (payer is None, payer or ""))
    lines = tuple((payer, _line([g for g in still_open if g.payer == payer], states)) for payer in payers)
    return Matrix(states=states, lines=lines, totals=_line(still_open, states))


def outcomes(summary: Summary) -> tuple[tuple[str, int], ...]:
    """The closed referrals of a summary by outcome, the most frequent first."""
    counts: Counter[str] = Counter()
    for group in summary.by_state:
        if group.outcome:
            counts[group.outcome] += group.count
    return tuple(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))


def _when(row: Row, page: Page) -> str:
    if row.next is None:
        return "No action needed"
    if row.next.is_overdue:
        return "Overdue"
    return "Within 24 hours" if row.next.due_at < page.as_of + SOON else "Later"


def _line(groups: Sequence[ByState], states: Iterable[Status]) -> tuple[int, ...]:
    counts = [sum(group.count for group in groups if group.state == state) for state in states]
    return (*counts, sum(counts))
