"""What holds outside, counted at the simulators: asked once, told once."""

from collections import defaultdict
from collections.abc import Sequence

from tests.chaos.evidence import Evidence, Message

DEDUPED = ("authorization", "office_request", "visit", "information", "acknowledgement")
"""What parties dedupe by our identifier: however often it is sent, it is one effect."""


def done_twice(evidence: Evidence) -> list[str]:
    """Under one identifier one thing is done."""
    return [
        f"{kind} {identifier}: {counts['effects']} effects"
        for kind in DEDUPED
        for identifier, counts in evidence.outside.get(kind, {}).items()
        if counts.get("effects", 0) > 1
    ]


def told_too_often(evidence: Evidence) -> list[str]:
    """A message that may be said once is said once at most; any other at most as often as its call was begun."""
    texts = [
        f"{phone}: {_effects(evidence, 'sms_number', phone)} texts, at most {_at_most(messages)} were to be sent"
        for phone, messages in _texts(evidence).items()
        if _effects(evidence, "sms_number", phone) > _at_most(messages)
    ]
    mails = [
        f"{m.subject}: a mail went out {_effects(evidence, 'mail', m.effect_id)} times"
        for m in _mails(evidence)
        if _effects(evidence, "mail", m.effect_id) > _at_most([m])
    ]
    return texts + mails


def said_but_not_sent(evidence: Evidence) -> list[str]:
    """What we say went out did go out."""
    texts = [
        f"{phone}: {_effects(evidence, 'sms_number', phone)} texts, {sum(m.was_sent for m in messages)} told as sent"
        for phone, messages in _texts(evidence).items()
        if _effects(evidence, "sms_number", phone) < sum(m.was_sent for m in messages)
    ]
    mails = [
        f"{m.subject}: a mail told as sent"
        for m in _mails(evidence)
        if m.was_sent and not _effects(evidence, "mail", m.effect_id)
    ]
    return texts + mails


def calls_without_an_end(evidence: Evidence) -> list[str]:
    """At rest no outbound call is under way."""
    return [f"{d.subject}: {d.live_calls} calls of {d.service}" for d in evidence.documents if d.live_calls]


def _effects(evidence: Evidence, kind: str, identifier: str) -> int:
    return evidence.outside.get(kind, {}).get(identifier, {}).get("effects", 0)


def _at_most(messages: Sequence[Message]) -> int:
    return sum(min(m.calls, 1) if m.effect.endswith("_once") else m.calls for m in messages)


def _texts(evidence: Evidence) -> dict[str, list[Message]]:
    """By telephone number: a patient has one, and the gateway knows messages by nothing else."""
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for message in evidence.messages:
        if message.effect.startswith("sms"):
            found[message.phone].append(message)
    return found


def _mails(evidence: Evidence) -> list[Message]:
    return [message for message in evidence.messages if message.effect.startswith("email")]
