"""What holds outside, counted at the simulators: what stands there is what is wanted, and it was told once."""

from collections import defaultdict
from collections.abc import Sequence

from tests.chaos.evidence import Asked, Evidence, Message


def asked_for_nobody(evidence: Evidence) -> list[str]:
    """Nothing was asked for, and nothing sent, under an identifier that no document knows.

    Parties dedupe by our identifier, so that what is asked for twice shows as a second one.
    """
    ours = {(asked.kind, asked.identifier) for asked in evidence.asked}
    ours |= {("mail", m.effect_id) for m in _mails(evidence)} | {("sms_number", phone) for phone in _texts(evidence)}
    return [
        f"{kind} {identifier}: nobody knows of it"
        for kind, counts in evidence.outside.items()
        for identifier in counts
        if (kind, identifier) not in ours
    ]


def other_than_wanted(evidence: Evidence) -> list[str]:
    """What is wanted stands outside and what is not wanted does not, but for what a person was given to settle."""
    return [
        f"{asked.subject}: {asked.kind} {asked.identifier} {'' if asked.is_wanted else 'un'}wanted, and it "
        f"{'does not stand' if asked.is_wanted else 'stands'}"
        for asked in evidence.asked
        if _stands(evidence, asked) != asked.is_wanted and not asked.has_person and not asked.is_under_way
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


def _stands(evidence: Evidence, asked: Asked) -> bool:
    counts = evidence.outside.get(asked.kind, {}).get(asked.identifier, {})
    return counts.get("effects", 0) > counts.get("withdrawn", 0)


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
