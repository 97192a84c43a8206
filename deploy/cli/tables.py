"""The tables at the end of a story: where each referral is, and the open task of those that are not closed well."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import RenderableType

from deploy.cli.screen import duration, instant, table

_SINGLE_AT_MOST: Final = 20
Document = dict[str, Any]


def tables(document: Document) -> Iterator[RenderableType]:
    """All tables, the sums last."""
    yield _by_state_and_payer(document)
    yield _waits_for(document)
    yield _single(document)
    if document["refused_because"]:
        yield table("Refused at the door", "why", "#lines", rows=document["refused_because"].items())
    if document["later"]["sent"]:
        yield _later(document)
    yield _outside(document)
    yield _told(document)
    yield _sums(document)


def _by_state_and_payer(document: Document) -> RenderableType:
    counts: dict[str, dict[str, int]] = {}
    for group in document["by_state"]:
        state = ": ".join(filter(None, (group["state"], group["outcome"]))).replace("_", " ")
        row = counts.setdefault(state, {})
        payer = group["payer"] or "none yet"
        row[payer] = row.get(payer, 0) + group["count"]
    payers = sorted({payer for row in counts.values() for payer in row})
    rows = [(state, *(row.get(p) for p in payers), sum(row.values())) for state, row in sorted(counts.items())]
    totals = [sum(row.get(payer, 0) for row in counts.values()) for payer in payers]
    heads = [f"#{payer}" for payer in payers]
    return table("Referrals by state and payer", "state", *heads, "#all", rows=[*rows, ("", *totals, sum(totals))])


def _waits_for(document: Document) -> RenderableType:
    groups: dict[tuple[str, str, str], list[Document]] = {}
    for row in document["waiting"]:
        act = row["next"]
        groups.setdefault((act["act"], act["owner"], act["queue"]), []).append(act)
    rows = [
        (
            *key,
            len(acts),
            sum(act["is_overdue"] for act in acts),
            instant(min(act["due_at"] for act in acts)),
            instant(max(act["due_at"] for act in acts)),
        )
        for key, acts in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]
    columns = ("act", "owner", "queue", "#referrals", "#overdue", "earliest until", "latest until (UTC)")
    return table(f"What has to be done next, of {document['tasks']} open tasks", *columns, rows=rows)


def _single(document: Document) -> RenderableType:
    waiting = sorted(document["waiting"], key=lambda row: str(row["next"]["due_at"]))
    rows = [
        (
            row["referral_id"],
            row["state"].replace("_", " "),
            row["payer"],
            row["next"]["act"],
            row["next"]["owner"],
            row["next"]["queue"],
            instant(row["next"]["due_at"]),
        )
        for row in waiting[:_SINGLE_AT_MOST]
    ]
    more = len(waiting) - len(rows)
    title = f"Where each waits{f' (the first {len(rows)}; {more} more in --json)' if more else ''}"
    return table(title, "referral", "state", "payer", "act", "owner", "queue", "until (UTC)", rows=rows)


def _later(document: Document) -> RenderableType:
    outcomes, by_word = document["later"]["by_outcome"], document["later"]["by_word"]
    rows = [(word, sum(counts.values()), *(counts.get(each) for each in outcomes)) for word, counts in by_word.items()]
    heads = [f"#{each.replace('_', ' ')}" for each in outcomes]
    title = "What the EHR said of its orders later, and what became of it"
    totals = ("", document["later"]["sent"], *outcomes.values())
    return table(title, "word", "#messages", *heads, rows=[*rows, totals])


def _outside(document: Document) -> RenderableType:
    rows = [
        (
            kind.replace("_", " "),
            counts["identifiers"],
            counts["sends"],
            counts.get("effects", 0),
            counts.get("asks", 0),
            counts.get("withdrawals", 0),
            counts.get("callbacks_accepted", 0),
        )
        for kind, counts in sorted(document["outside"].items())
        if "sends" in counts
    ]
    columns = ("what", "#different", "#sent", "#had effect", "#asked after", "#withdrawn", "#answered later")
    return table("What the outside world was asked", *columns, rows=rows)


def _told(document: Document) -> RenderableType:
    kinds = {"by the story's clock": "story", "by the clock on the wall": "real"}
    times = document["time_to_told"]
    rows = [
        (label, times[kind]["count"], *(duration(times[kind].get(figure)) for figure in ("p50_s", "p90_s", "max_s")))
        for label, kind in kinds.items()
    ]
    title = "From intake to the patient told of a visit"
    return table(title, "", "#patients", "#half within", "#nine in ten within", "#all within", rows=rows)


def _sums(document: Document) -> str:
    sent, sums, later = document["sent"], document["sums"], document["later"]
    became = " + ".join(f"{count} {what.replace('_', ' ')}" for what, count in later["by_outcome"].items())
    said = f"said later {later['sent']} = {became}\n" if later["sent"] else ""
    came = f"{sent['new']} new + {later['new']} new later = " if later["new"] else ""
    return (
        f"sent {sent['sent']} = {sent['new']} new + {sent['repeated']} repeated + {sent['changed']} changed"
        f" + {sent['refused']} refused\n{said}"
        f"in {sums['in']} = {came}{sums['closed']} closed + {sums['waiting']} waiting\n"
        f"{document['days']} days of story in {duration(document['seconds'])}, {document['jumps']} jumps of the clock"
    )
