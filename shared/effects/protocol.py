"""What an outbound call owes next: the effect protocol, pure (ADR 4).

One record per effect lives in its aggregate's document; one call per effect is alive at a time. The functions
here say what is owed and fold what was answered; making calls is the business of `shared.engine.effects`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.backoff import chance_of, pause_s
from shared.contracts.language import Effect, effect_id
from shared.ports import Act, Answer, Call, Traits

BEGIN_S = 3.0
"""A call begins within this of the moment it was written down, or not at all."""
STALL_S = 5.0
"""From a worker's last check to a call's first byte at most: token and connection, or standing still (ADR 10)."""
LEASE = timedelta(seconds=5)
"""The replica that saved a due call makes it; after this, any replica does."""
SKEW_S = 2.0
"""How far a replica's clock may be off before its doors shut."""
TRIES = 12
"""Attempts in a row without progress before a person is asked."""
LONGEST_BACKOFF_S = 30.0
DEAD_KEPT = 100
NEVER = datetime.min.replace(tzinfo=UTC)

NextAction = Literal["send", "ask", "withdraw", "person", "rest"]


@dataclass(slots=True)
class LiveCall:
    """The one call that may be alive: who made it (`token`), which (`number`), and since when."""

    act: Act
    number: int
    at: datetime
    token: str
    refs: list[str]


@dataclass(slots=True)
class EffectRecord:
    """What is known of one effect outside.

    `refs` are known alive and `dead` known withdrawn; `is_in_doubt` says that some send was never answered.
    """

    kind: str
    revision: int
    target: str
    urgency: int
    is_wanted: bool = True
    refs: list[str] | None = None
    dead: list[str] | None = None
    is_in_doubt: bool = False
    is_final: bool = False
    has_person: bool = False
    number: int = 0
    tries: int = 0
    sent_at: datetime | None = None
    retry_at: datetime | None = None
    call: LiveCall | None = None

    @property
    def key(self) -> str:
        """Its name within the aggregate."""
        return f"{self.kind}:{self.revision}"

    @property
    def alive(self) -> list[str]:
        """References known alive."""
        return self.refs or []


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is written down, the state of its aggregate in which it was, and who wrote it."""

    call: Call
    state: object
    token: str


def record_of(effect: Effect) -> EffectRecord:
    """A record of an effect that nothing was done for yet."""
    return EffectRecord(effect.kind, effect.revision, effect.target, effect.urgency)


def id_of(aggregate_id: str, record: EffectRecord) -> str:
    """The id that the outside knows the effect by."""
    return effect_id(aggregate_id, record.kind, record.revision)


def begun(aggregate_id: str, record: EffectRecord, state: object) -> Begun:
    """The call that is under way, as a gateway is asked to make it. Raises KeyError where there is none."""
    live = record.call
    if live is None:
        raise KeyError(f"No call of {record.key} is under way.")
    call = Call(
        id_of(aggregate_id, record), aggregate_id, record.kind, record.revision, live.act, live.number, tuple(live.refs)
    )
    return Begun(call, state, live.token)


def quarantine(traits: Traits) -> timedelta:
    """How long a call may still land after it was written down, and be seen."""
    return timedelta(seconds=BEGIN_S + STALL_S + traits.land_s + traits.visible_s + 2 * SKEW_S)


def next_action(record: EffectRecord, traits: Traits) -> tuple[NextAction | None, datetime]:
    """What this effect owes if no answer comes, and from when. None: it is resolved, or with a person."""
    act = _act(record, traits)
    if act is None and record.call:
        act = "rest"
    quiet_from = record.call.at + quarantine(traits) if record.call else NEVER
    return act, max(record.retry_at or NEVER, quiet_from)


def _act(record: EffectRecord, traits: Traits) -> NextAction | None:
    may_be_alive = record.is_in_doubt or (record.call is not None and record.call.act == "send")
    if not record.is_wanted:
        return "withdraw" if record.alive or may_be_alive else None
    if len(record.alive) > 1:
        return "withdraw"
    if record.alive:
        return "ask" if traits.has_results and not record.is_final else None
    if record.has_person:
        return None
    return _settling(traits) if may_be_alive else "send"


def _settling(traits: Traits) -> NextAction:
    """How doubt is settled: ask, else send again where that does no harm, else a person."""
    if traits.can_ask:
        return "ask"
    return "send" if traits.dedupes or traits.may_repeat else "person"


def begin(record: EffectRecord, act: NextAction, now: datetime, token: str) -> LiveCall | None:
    """Write the call down in the record. Return it, or None where there is nothing to call."""
    if record.call:
        record.is_in_doubt = record.is_in_doubt or record.call.act == "send"
        record.tries += act != "rest"
    if act == "rest":
        record.is_in_doubt = False
    record.number += 1
    record.has_person = record.has_person or act == "person" or record.tries >= TRIES
    if act == "person" or act == "rest":  # noqa: PLR1714 - a comparison that mypy can narrow by
        record.call = None
        return None
    if act == "send":
        record.sent_at = now
    record.call = LiveCall(act, record.number, now, token, record.alive[1:] if record.is_wanted else [])
    return record.call


def fold(record: EffectRecord, number: int | None, answer: Answer, now: datetime, traits: Traits) -> None:
    """Fold an answer to call `number` (None: a callback). Folding it twice changes nothing."""
    call = record.call if record.call and record.call.number == number else None
    asked = timedelta(seconds=answer.retry_after_s or 0)
    if answer.word == "unknown":
        _hold_back(record, call, asked, now)
        return
    dead, alive = record.dead or [], record.alive
    new = [ref for ref in answer.refs if answer.word == "alive" and ref not in dead and ref not in alive]
    if new:
        alive = alive + new
        record.has_person = False
    record.is_final = record.is_final or (answer.word == "alive" and answer.final)
    word, gone = answer.word, list(answer.refs) if answer.word == "withdrawn" else []
    if call and word == "nothing":
        if _may_still_land(record, call, traits):
            word = "not_taken"
        else:
            gone = call.refs or list(alive)
    record.dead = (dead + [ref for ref in gone if ref not in dead])[-DEAD_KEPT:]
    record.refs = [ref for ref in alive if ref not in gone]
    if call:
        _settle(record, word, asked, now, traits)
    if new and len(record.alive) > 1:
        record.retry_at = None  # when results are asked for says nothing about giving back what was done twice


def _may_still_land(record: EffectRecord, call: LiveCall, traits: Traits) -> bool:
    """Nothing there: believed only when the last send can no longer land unseen."""
    sent = record.sent_at
    return bool(record.alive or record.is_in_doubt) and sent is not None and call.at < sent + quarantine(traits)


def _hold_back(record: EffectRecord, call: LiveCall | None, asked: timedelta, now: datetime) -> None:
    """Nobody knows what became of a call, and the outside says when it may be asked. Folded once per call."""
    if call and asked > backoff(record.tries + 1) and (record.retry_at or NEVER) <= call.at:
        record.retry_at, record.tries = now + asked, max(record.tries - 1, 0)


def _settle(record: EffectRecord, word: str, asked: timedelta, now: datetime, traits: Traits) -> None:
    """An answer is one, whatever it says. A pause that they ask for, longer than ours, uses up no try."""
    if word == "not_taken":
        pause = backoff(record.tries + 1, record.call.token if record.call else "")
        record.tries += asked <= pause
        record.retry_at = now + max(pause, asked)
        record.has_person = record.has_person or record.tries >= TRIES
    else:
        record.is_in_doubt, record.tries = False, 0
        record.retry_at = now + timedelta(seconds=traits.ask_every_s) if word == "alive" else None
    record.call = None


def backoff(tries: int, name: str = "") -> timedelta:
    """How long to wait after so many tries in a row: doubling, bounded, and spread by the name of what is tried."""
    return timedelta(milliseconds=round(1000 * pause_s(tries, 1.0, LONGEST_BACKOFF_S, chance_of(name, tries))))


def cancel(record: EffectRecord) -> None:
    """The state wants it no longer: a withdrawal never waits for a send's backoff.

    Whoever has the send does not have the withdrawal: if that gets nowhere either, a person is asked again.
    """
    if record.is_wanted:
        record.is_wanted, record.has_person, record.tries, record.retry_at = False, False, 0, None


def due_effects(
    records: dict[str, EffectRecord], traits: Mapping[str, Traits]
) -> list[tuple[EffectRecord, NextAction, datetime]]:
    """Per kind and target, the first effect in order of revision that is not settled: what it owes, from when.

    One target is asked in order; another does not wait for a target that cannot be reached. Nor does anything wait
    for a withdrawal that a person has: it is tried on beside what comes after it.
    """
    due: list[tuple[EffectRecord, NextAction, datetime]] = []
    held_up: set[tuple[str, str]] = set()
    for record in sorted(records.values(), key=lambda r: (r.kind, r.revision)):
        line = record.kind, record.target
        act, when = next_action(record, traits[record.kind])
        if act and line not in held_up:
            due.append((record, act, when))
            if not _is_with_person(record, act):
                held_up.add(line)
    return due


def _is_with_person(record: EffectRecord, act: NextAction) -> bool:
    """Whether a person sees to what the outside does not take back. A send that is under way may still land."""
    is_sending = record.call is not None and record.call.act == "send"
    return act == "withdraw" and record.has_person and not is_sending
