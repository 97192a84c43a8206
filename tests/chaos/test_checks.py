from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.platform import registry
from tests.chaos.checks import RULES, violations
from tests.chaos.evidence import (
    Answered,
    Asked,
    Chain,
    Claim,
    DeadLetter,
    EventContext,
    Evidence,
    LogLine,
    Message,
    Published,
    Standing,
    Visit,
)

ONE, OTHER = "demo-one", "demo-other"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD: Mapping[str, int] = {"intake": 3, "authorization": 2, "scheduling": 2, "notifications": 1}


def document(service: str, subject: str) -> EventContext:
    """A document whose service has told, and heard, all that there is."""
    seen = {source: TOLD[source] for source in registry.consumes()[service]}
    return EventContext(service, subject, TOLD.get(service, 0), seen)


def published(service: str, subject: str, sequence: int) -> Published:
    """A record of a fact, whose content is its number."""
    return Published(service, subject, sequence, copy=f"record {sequence}", content=str(sequence))


def visit(subject: str, starts_at: datetime) -> Visit:
    """A visit that is kept, of an hour, with one practitioner."""
    day = f"demo-day-practitioner-{starts_at.date()}"
    return Visit(subject, f"{subject}.v1", 1, True, ("practitioner",), (day,), starts_at, starts_at + HOUR)


def claim(visit: Visit) -> Claim:
    """What that visit claims."""
    return Claim(visit.days[0], visit.subject, visit.attempt, "booked")


BOOKED, LATER = visit(ONE, NOON), visit(OTHER, NOON + HOUR)
REMINDER = Message(ONE, "sms_once", "effect-1", "phone-1", calls=1, was_sent=True)
LETTER = Message(OTHER, "email", "effect-2", "phone-2", calls=2, was_sent=True)
SUBMISSION = Asked(ONE, "authorization", "request-1")
WITHDRAWN = Asked(OTHER, "authorization", "request-2", is_wanted=False)
AFTERWARDS = LogLine(
    "intake-1", "error", "logged by a library", "pymongo.client", "pymongo.errors.AutoReconnect", has_traceback=True
)
BROKEN = LogLine("intake-1", "error", "a document cannot be used", subject=OTHER)
GOOD = Evidence(
    read_at=NOON + HOUR,
    answered=(Answered(0, frozenset({ONE})), Answered(1, frozenset({OTHER}), is_cancelled=True)),
    published=tuple(
        published(source, subject, n)
        for source, told in TOLD.items()
        for subject in (ONE, OTHER)
        for n in (*range(1, told + 1), 1)  # the first once more: repetitions are allowed
    ),
    dead_letters=(DeadLetter(OTHER, "behind-hole"),),
    documents=tuple(document(service, subject) for service in registry.names() for subject in (ONE, OTHER)),
    ledger=tuple(
        Chain(source, subject, tuple(range(1, told + 1)), True, tuple(map(str, range(1, told + 1))))
        for source, told in TOLD.items()
        for subject in (ONE, OTHER)
    ),
    standings=(Standing(ONE, "in_progress", "await", "payer", NOON), Standing(OTHER, "closed")),
    asked=(
        SUBMISSION,
        WITHDRAWN,
        *(Asked(v.subject, "visit", v.visit_id) for v in (BOOKED, LATER)),
        Asked(OTHER, "office_request", "request-3", has_person=True),
        Asked(OTHER, "information", "request-4", is_under_way=True),
    ),
    messages=(REMINDER, LETTER),
    visits=(BOOKED, LATER),
    claims=(claim(BOOKED), claim(LATER)),
    outside={
        "authorization": {
            "request-1": {"sends": 3, "effects": 1},
            "request-2": {"sends": 1, "effects": 1, "withdrawals": 2, "withdrawn": 1},
        },
        "sms_number": {"phone-1": {"effects": 1}},
        "mail": {"effect-2": {"effects": 2}},
        "visit": {BOOKED.visit_id: {"effects": 1}, LATER.visit_id: {"effects": 1}},
    },
    log=(LogLine("intake-1", "error", "Unable connect to", "aiokafka.conn"), AFTERWARDS, BROKEN),
    spoiled=frozenset({OTHER}),
)


def outside(**kinds: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What is counted otherwise."""
    return {"outside": {**GOOD.outside, **kinds}}


def also(kind: str, identifier: str, **counts: int) -> dict[str, Any]:
    """Another identifier is counted, or one is counted otherwise."""
    return outside(**{kind: {**GOOD.outside.get(kind, {}), identifier: counts}})


def instead(name: str, number: int, **changes: Any) -> dict[str, Any]:
    """One of a field's values is otherwise."""
    values = list(getattr(GOOD, name))
    values[number] = replace(values[number], **changes)
    return {name: tuple(values)}


def without(name: str, number: int) -> dict[str, Any]:
    """One of a field's values is missing."""
    values = getattr(GOOD, name)
    return {name: values[:number] + values[number + 1 :]}


PLANTED = [
    ("lost or doubled", "an acknowledged referral is missing", without("documents", 0)),
    ("lost or doubled", "one order is two", instead("answered", 0, ids=frozenset({ONE, OTHER}))),
    ("lost or doubled", "nobody sent it", without("answered", 0)),
    ("refused later", "its content is another's", instead("answered", 0, refused=409)),
    ("left to nobody", "it is not known", without("standings", 0)),
    ("left to nobody", "no due time", instead("standings", 0, due_at=None)),
    ("left to nobody", "no owner", instead("standings", 0, owner=None)),
    ("cancelled but going on", "in progress", instead("answered", 0, is_cancelled=True)),
    ("out of order", "a gap", without("published", 1)),
    ("out of order", "an inversion", {"published": (GOOD.published[1], GOOD.published[0], *GOOD.published[2:])}),
    ("told otherwise than published", "the last is not on the topic", instead("documents", 0, told=4)),
    ("told otherwise than published", "nobody told it", {"published": (*GOOD.published, published("intake", "x", 1))}),
    ("told in two ways", "a repetition with another time", instead("published", 3, copy="record 1, later")),
    ("left in outboxes", "one entry", instead("documents", 0, outbox=1)),
    ("unheard", "one fact", instead("documents", 2, seen={"intake": 2, "scheduling": 2})),
    ("unheard", "a document that there is not", without("documents", 2)),
    ("parked", "a document", instead("documents", 0, is_parked=True)),
    ("parked", "a letter", {"dead_letters": (DeadLetter(OTHER, "unreadable"),)}),
    ("parked", "behind nothing that was spoiled", {"spoiled": frozenset[str](), "log": ()}),
    ("left out of the ledger", "a row is missing", instead("ledger", 0, sequences=(1, 3), contents=("1", "3"))),
    ("left out of the ledger", "a chain is missing", without("ledger", 0)),
    ("left out of the ledger", "a row was changed", instead("ledger", 0, is_whole=False)),
    ("recorded otherwise than told", "a row", instead("ledger", 0, contents=("1", "2", "3 times"))),
    ("asked for nobody", "one request under two ids", also("authorization", "request-5", effects=1)),
    ("asked for nobody", "sent, and not taken", also("office_request", "request-5", sends=1)),
    ("asked for nobody", "a letter under another id", also("mail", "effect-3", effects=1)),
    ("asked for nobody", "a text to nobody's number", also("sms_number", "phone-3", effects=1)),
    ("other than wanted", "wanted, and never there", also("authorization", "request-1", sends=3)),
    ("other than wanted", "wanted, and withdrawn", also("authorization", "request-1", effects=1, withdrawn=1)),
    ("other than wanted", "unwanted, and it stands", also("authorization", "request-2", effects=1)),
    ("other than wanted", "nobody was given it", instead("asked", 4, has_person=False)),
    ("other than wanted", "nobody is at it any more", instead("asked", 5, is_under_way=False)),
    ("told too often", "a reminder twice", outside(sms_number={"phone-1": {"effects": 2}})),
    ("told too often", "a letter more often than begun", outside(mail={"effect-2": {"effects": 3}})),
    ("said but not sent", "a text", outside(sms_number={})),
    ("said but not sent", "a letter", outside(mail={})),
    ("calls without an end", "one call", instead("documents", 0, live_calls=1)),
    ("overlapping", "half an hour", instead("visits", 1, starts_at=NOON + HOUR / 2)),
    ("booked without claims", "no claim", without("claims", 0)),
    ("claimed for nothing", "a dead attempt", instead("claims", 0, life="dead")),
    ("kept though cancelled", "it lies ahead", {"read_at": NOON}),
    ("given up but not at the office", "they wait", instead("visits", 0, is_kept=False)),
    ("given up but not at the office", "no one waits", outside(visit={BOOKED.visit_id: {"withdrawn": 1}})),
    ("unhandled", "an error of ours", {"log": (LogLine("intake-1", "error", "a door ended"),)}),
    ("unhandled", "a document that nobody spoiled", {"log": (replace(BROKEN, subject=ONE),)}),
    ("unhandled", "a traceback", {"log": (LogLine("intake-1", "warning", "not ready", has_traceback=True),)}),
    ("unhandled", "an exception nobody took", {"log": (LogLine("intake-1", "error", logger="asyncio"),)}),
    ("unhandled", "a driver at its wits' end", {"log": (replace(AFTERWARDS, error="builtins.TypeError"),)}),
    ("unhandled", "a line that is no log", {"log": (LogLine("intake-1", text="Traceback (most recent call"),)}),
]


class TestViolations:
    def test_are_none_when_all_is_well(self) -> None:
        """What is allowed is not complained about.

        Repetitions, an open referral that waits, a letter told twice, what a person has or a machine is still at, a
        visit that had begun when its referral was cancelled.
        """
        assert [] == violations(GOOD)

    @pytest.mark.parametrize(("rule", "_", "planted"), PLANTED, ids=[f"{rule}: {what}" for rule, what, _ in PLANTED])
    def test_name_the_rule_that_is_broken(self, rule: str, _: str, planted: dict[str, Any]) -> None:
        """Each rule sees what it is there to see."""
        found = violations(replace(GOOD, **planted))

        assert rule in {sentence.partition(": ")[0] for sentence in found}

    def test_are_planted_for_every_rule(self) -> None:
        """A rule that was never seen to fail proves nothing."""
        assert {rule.__name__.replace("_", " ") for rule in RULES} == {rule for rule, _, _ in PLANTED}
