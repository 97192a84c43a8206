"""What holds of facts: told once, published in order, heard by all, and recorded once and as they were told."""

from collections import defaultdict

from deploy.platform import registry
from shared.engine.document import WAITS_ITS_TURN
from tests.chaos.evidence import DeadLetter, Evidence


def out_of_order(evidence: Evidence) -> list[str]:
    """Per source and subject the first appearances are 1, 2, 3… A repetition of what was there is allowed."""
    reached: defaultdict[tuple[str, str], int] = defaultdict(int)
    found = []
    for record in evidence.published:
        story = record.service, record.subject
        if record.sequence > reached[story] + 1:
            found.append(f"{record.subject}: {record.service} told {record.sequence} after {reached[story]}")
        reached[story] = max(reached[story], record.sequence)
    return found


def told_otherwise_than_published(evidence: Evidence) -> list[str]:
    """What a publisher's document says that it told is what is on its topic, to the last fact."""
    published = _published(evidence)
    told = {(d.service, d.subject): d.told for d in evidence.documents if d.told}
    return [
        f"{subject}: {service} told {told.get((service, subject), 0)}, published {published[service, subject]}"
        for service, subject in sorted(told.keys() | published.keys())
        if told.get((service, subject), 0) != published[service, subject]
    ]


def told_in_two_ways(evidence: Evidence) -> list[str]:
    """A repetition is the same record, byte by byte: whichever copy a reader takes, it has heard the same."""
    copies: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    for record in evidence.published:
        copies[record.fact].add(record.copy)
    return [
        f"{subject}: {len(found)} different records of fact {sequence} of {service}"
        for (service, subject, sequence), found in copies.items()
        if len(found) > 1
    ]


def recorded_otherwise_than_told(evidence: Evidence) -> list[str]:
    """What the ledger keeps of a fact is what was published."""
    told = {record.fact: record.content for record in evidence.published}
    return [
        f"{chain.subject}: fact {sequence} of {chain.service}"
        for chain in evidence.ledger
        for sequence, content in zip(chain.sequences, chain.contents, strict=True)
        if told.get((chain.service, chain.subject, sequence), content) != content
    ]


def left_in_outboxes(evidence: Evidence) -> list[str]:
    """At rest every outbox is empty."""
    return [f"{d.subject}: {d.outbox} entries of {d.service}" for d in evidence.documents if d.outbox]


def unheard(evidence: Evidence) -> list[str]:
    """Each reader has seen of each referral exactly what those whom it listens to have told."""
    told = {(d.service, d.subject): d.told for d in evidence.documents}
    seen = {(d.service, d.subject, source): n for d in evidence.documents for source, n in d.seen.items()}
    consumes = registry.consumes()
    return [
        f"{subject}: {reader} has seen {seen.get((reader, subject, source), 0)} of {n} facts of {source}"
        for (source, subject), n in told.items()
        for reader, sources in consumes.items()
        if source in sources and seen.get((reader, subject, source), 0) != n
    ]


def parked(evidence: Evidence) -> list[str]:
    """Nothing was poisoned, so nothing waits for an operator, and nothing ever did.

    But for facts that came when a document was mended, before what waited beside it was given back.
    """
    waiting = [f"{d.subject} in {d.service}" for d in evidence.documents if d.is_parked]
    unsequenced = sum(not _waited_its_turn(evidence, letter) for letter in evidence.dead_letters)
    return waiting + ([f"{unsequenced} dead letters"] if unsequenced else [])


def _waited_its_turn(evidence: Evidence, letter: DeadLetter) -> bool:
    return letter.subject in evidence.spoiled and letter.reason in WAITS_ITS_TURN


def left_out_of_the_ledger(evidence: Evidence) -> list[str]:
    """Tracking's ledger has each fact once, in an shield chain."""
    chains = {(chain.service, chain.subject): chain for chain in evidence.ledger}
    published = _published(evidence)
    found = [
        f"{subject}: facts of {service}"
        for service, subject in sorted(published.keys() | chains.keys())
        if (service, subject) not in chains
        or chains[service, subject].sequences != tuple(range(1, published[service, subject] + 1))
    ]
    return found + [f"{c.subject}: the chain of {c.service} is broken" for c in evidence.ledger if not c.is_whole]


def _published(evidence: Evidence) -> defaultdict[tuple[str, str], int]:
    """The highest sequence on the topics."""
    highest: defaultdict[tuple[str, str], int] = defaultdict(int)
    for record in evidence.published:
        story = record.service, record.subject
        highest[story] = max(highest[story], record.sequence)
    return highest
