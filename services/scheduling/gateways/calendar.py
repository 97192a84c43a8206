"""Calls from placements to calendar days, and from days to placements.

No write spans two documents, so a placement treats the days as an outside party: intent, call, result. A call that
fails half-way leaves reservations that their placement knows and releases. If a dead process adds one later, the day
itself asks about it and removes it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from services.scheduling.domain import (
    SOON,
    Attempt,
    Directory,
    Frame,
    Interval,
    Life,
    OfferOpenings,
    Order,
    Placement,
    Provider,
    RecordReservationRefused,
    RecordReservationReleased,
    RecordReserved,
    Searching,
    Slot,
    best_of,
    calendar_day,
    dates_between,
    day_id,
    days_of,
    frame_of,
    free_slots,
    life_of,
    whole_day,
)
from services.scheduling.domain.calendar_day import CalendarDay, HeedAnswer, ReleaseReservation, ReserveInterval
from services.scheduling.gateways.seals import sealed
from shared.contracts.language import Actor, Command
from shared.engine import CommandEnvelope, CommandOutcome, Engine
from shared.engine.commands import command_id
from shared.errors import Busy, Unavailable, Unknown, Unusable
from shared.ports import Answer, Call, Traits
from shared.sealing import Keyring

PLACEMENT, CALENDAR_DAY = "placement", "calendar_day"
"""The deciders of this service by name. Their engines are looked up when a call is made."""
OURSELVES: Final = Actor(kind="service", id="scheduling")
LAND_S: Final = 5.0
READS: Final = Traits(may_repeat=True, land_s=LAND_S)
"""A search and a question leave nothing behind."""
READ_AT_ONCE: Final = timedelta(days=14)
RESERVATIONS_AT_ONCE: Final = 4
"""Per provider: more calls at once would only compete for the same documents."""


def visit_id(referral_id: str, attempt: int) -> str:
    """The id of the visit that an attempt becomes, derived so that every retry names the same one."""
    return command_id(referral_id, "visit", str(attempt))


def _told(now: datetime) -> Mapping[str, Any]:
    return {"at": now, "by": OURSELVES, "channel": "effect"}


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Limit the time of a call. Whatever fails, part of it may have been done."""
    try:
        async with asyncio.timeout(LAND_S):
            yield
    except (Busy, Unavailable, TimeoutError) as error:
        raise Unknown("The calendar may have been changed in part.") from error


@dataclass(frozen=True)
class Openings:
    """Searches openings (effect `search`): opening hours minus reservations, read a fortnight at a time."""

    directory: Directory
    engines: Mapping[str, Engine]

    @property
    def traits(self) -> Traits:
        """It only reads."""
        return READS

    async def call(self, call: Call, state: Placement, now: datetime) -> Answer:
        """Return the free slots. There is nothing to withdraw."""
        order, searching = state.order, state.seeking
        if call.act != "send" or order is None or not isinstance(searching, Searching):
            return Answer("withdrawn")
        frame = frame_of(state, order, now)
        provider = self.directory.provider(searching.provider_ref)
        found = await self._openings(provider, state, order, frame) if provider else ()
        command = OfferOpenings(**_told(now), search=call.revision, openings=found, searched_to=frame.latest)
        return Answer("absent", command=command)

    async def _openings(self, provider: Provider, state: Placement, order: Order, frame: Frame) -> tuple[Slot, ...]:
        site = self.directory.site_of(provider)
        free: list[Slot] = []
        for part in frame.parts(READ_AT_ONCE):
            busy = await self._busy(provider, order, part)
            free += islice(free_slots(provider, site, state.leave, part, busy), SOON[order.priority] - len(free))
            if len(free) == SOON[order.priority]:
                break
        return best_of(free, order)

    async def _busy(self, provider: Provider, order: Order, frame: Frame) -> list[Interval]:
        """What is reserved of the patient, the provider and the room on the days of a frame.

        A day that cannot be used counts as reserved as a whole: nobody could reserve a part of it.
        """
        dates = dates_between(frame.earliest, frame.latest + timedelta(minutes=provider.visit_minutes))
        resources = (order.patient_ref, provider.provider_ref, provider.room_ref)
        ids = {day_id(order.referral_id, resource, day): day for resource in resources for day in dates}
        calendar = self.engines[CALENDAR_DAY]
        async with _in_time():
            stored = await calendar.store.load(list(ids))
        days, wholly = list[CalendarDay](), list[Interval]()
        for key, day in ids.items():
            try:
                days += [calendar.state(stored[key])] if key in stored else []
            except Unusable:
                wholly.append(whole_day(day))
        return [*calendar_day.busy(days), *wholly]


@dataclass(frozen=True)
class Reservations:
    """Reserves every day of an attempt, in order, and releases them (effect `claim`)."""

    directory: Directory
    keyring: Keyring
    engines: Mapping[str, Engine]

    @property
    def traits(self) -> Traits:
        """A reservation that exists stays as it is; asking would say no more than reserving again."""
        return Traits(dedupes=True, land_s=LAND_S, concurrency=RESERVATIONS_AT_ONCE)

    async def call(self, call: Call, state: Placement, now: datetime) -> Answer:
        """Make the call. An attempt that is forgotten was released."""
        attempt, order = state.attempt(call.revision), state.order
        if attempt is None or order is None:
            return Answer("withdrawn", refs=(call.effect_id,))
        async with _in_time():
            if call.act == "send":
                return await self._reserve(call, order, attempt, now)
            return await self._release(call, order, attempt, now)

    async def _reserve(self, call: Call, order: Order, attempt: Attempt, now: datetime) -> Answer:
        """Reserve all days or none: after a refusal the placement gives the attempt up and withdraws it."""
        about = {**_told(now), "attempt": attempt.number}
        provider = self.directory.provider(attempt.slot.provider_ref)
        if provider is None:
            return Answer("alive", refs=(call.effect_id,), command=RecordReservationRefused(**about))
        reservation = ReserveInterval(
            **about,
            placement_id=call.aggregate_id,
            starts_at=attempt.slot.starts_at,
            ends_at=attempt.slot.ends_at,
        )
        for day in days_of(order, attempt.slot):
            if not await self._takes(day, call, reservation):
                return Answer("alive", refs=(call.effect_id,), command=RecordReservationRefused(**about))
        held = RecordReserved(
            **about,
            visit_id=visit_id(call.aggregate_id, attempt.number),
            seal=sealed(self.keyring, order.referral_id, attempt.slot, provider, self.directory.site_of(provider)),
        )
        return Answer("alive", refs=(call.effect_id,), command=held)

    async def _release(self, call: Call, order: Order, attempt: Attempt, now: datetime) -> Answer:
        about = {**_told(now), "attempt": attempt.number}
        release = ReleaseReservation(**about, placement_id=call.aggregate_id)
        for day in days_of(order, attempt.slot):
            await self._takes(day, call, release)
        return Answer("withdrawn", refs=(call.effect_id,), command=RecordReservationReleased(**about))

    async def _takes(self, day: str, call: Call, command: Command) -> bool:
        """Whether the day takes the command. Its id is the call's: a later call is decided again, not remembered."""
        id_ = command_id(day, call.effect_id, call.act, str(call.number))
        outcome: CommandOutcome = await self.engines[CALENDAR_DAY].queue.submit(
            CommandEnvelope(key=day, id=id_, command=command)
        )
        if outcome.fault:
            raise outcome.fault
        return outcome.refusal is None


@dataclass(frozen=True)
class Questions:
    """Asks placements whether attempts live (effect `ask` of a day).

    The day wrote down which reservations it asks about before this reads, from the primary; the answer names them by
    number. So `booked`, however late it comes, never settles a reservation that was made after the reading.
    """

    engines: Mapping[str, Engine]

    @property
    def traits(self) -> Traits:
        """It only reads."""
        return READS

    async def call(self, call: Call, state: CalendarDay, now: datetime) -> Answer:
        """Read the placements and return the state of each reservation. There is nothing to withdraw."""
        reservations = state.reservations_in_question()
        if call.act != "send":
            return Answer("withdrawn")
        placements = self.engines[PLACEMENT]
        async with _in_time():
            stored = await placements.store.load(sorted({reservation.placement_id for reservation in reservations}))
        found: dict[str, Placement] = {key: placements.document(each).state for key, each in stored.items()}
        lives: dict[int, Life] = {
            reservation.number: life_of(found[reservation.placement_id], reservation.attempt)
            for reservation in reservations
            if reservation.placement_id in found
        }
        command = HeedAnswer(**_told(now), question=call.revision, lives=lives)
        return Answer("absent", command=command)
