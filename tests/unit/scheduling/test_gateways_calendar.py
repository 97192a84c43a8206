"""The calendar's gateways on engines in memory: what they claim, release, read and ask."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.platform.keys import generate_keys
from services.scheduling import domain as d
from services.scheduling.domain.calendar_day import EMPTY, Question
from services.scheduling.gateways import Openings, Questions, Reservations, visit_id
from services.scheduling.gateways.calendar import PLACEMENT
from services.scheduling.store import read_directory
from shared.contracts.sealed import VisitDetails
from shared.engine import CommandEnvelope, Engine
from shared.errors import Unknown
from shared.ports import Call
from shared.sealing import Keyring
from tests.support.outbound import Uncalled
from tests.unit.scheduling.placing import (
    BOOKED,
    CLAIMING,
    DAY,
    ENDED,
    HOUR,
    ORDER,
    REFERRAL,
    TUESDAY,
    ordered,
    placed,
    refused,
)
from tests.unit.scheduling.running import DIRECTORY, Running

SHIPPED = read_directory(DIRECTORY)
HOUSE = SHIPPED.providers[0].model_copy(update={"provider_ref": "pr-house", "name": "Dr. Sample House"})
TOWN = d.Directory(sites=SHIPPED.sites, providers=(HOUSE, *SHIPPED.providers))


def call(
    act: Any = "send", kind: str = "claim", number: int = 1, revision: int = 1, referral_id: str = REFERRAL
) -> Call:
    """A call of an effect."""
    return Call(f"{referral_id}-{kind}-{revision}", referral_id, kind, revision, act, number)


def engines(scheduling: Running) -> dict[str, Engine]:
    """The engines of this service, by decider."""
    return {name: each.engine for name, each in scheduling.service.aggregates.items()}


def claims(scheduling: Running, directory: d.Directory = TOWN, keyring: Keyring | None = None) -> Reservations:
    """The gateway on the days of this service."""
    return Reservations(directory, keyring or scheduling.keyring, engines(scheduling))


def taken_by_others(slot: d.Slot) -> d.Placement:
    """Another referral's placement with an attempt on the same slot, for another patient."""
    order = replace(ORDER, referral_id="demo-other", patient_ref="pt-other")
    return replace(placed(*CLAIMING), order=order, seeking=replace(claiming(), attempt=d.Attempt(1, slot)))


def claiming() -> d.Reserving:
    """The attempt under way."""
    found = placed(*CLAIMING).seeking
    assert isinstance(found, d.Reserving)
    return found


class TestClaims:
    async def test_claim_every_day(self, scheduling: Running) -> None:
        """Patient, practitioner and room: held."""
        answer = await claims(scheduling).call(call(), placed(*CLAIMING), TUESDAY)

        assert isinstance(answer.command, d.RecordReserved)
        held = answer.word, answer.command.attempt, answer.command.visit_id
        assert held == ("alive", 1, visit_id(REFERRAL, 1))
        assert [(REFERRAL, 1, False)] * 3 == scheduling.claims()

    async def test_seal_what_the_patient_must_know(self, scheduling: Running) -> None:
        """Notifications can open it: where, with whom, and when by the clock on the site's wall."""
        keys = generate_keys(["demo"])
        gateway = claims(scheduling, keyring=Keyring(keys["scheduling"]))
        command: Any = (await gateway.call(call(), placed(*CLAIMING), TUESDAY)).command
        told = Keyring(keys["notifications"]).open(
            "demo", "visit", command.seal, VisitDetails, purpose="test", referral_id=REFERRAL
        )

        site = TOWN.site_of(HOUSE)
        start = claiming().attempt.slot.starts_at.astimezone(site.zone)
        assert (HOUSE.name, site.name) == (told.practitioner_name, told.site_name)
        assert (start, start.utcoffset()) == (told.start, told.start.utcoffset())

    async def test_claim_nothing_at_a_provider_that_is_not_listed_any_more(self, scheduling: Running) -> None:
        """Nobody could tell the patient where to go."""
        answer = await claims(scheduling, SHIPPED).call(call(), placed(*CLAIMING), TUESDAY)

        assert isinstance(answer.command, d.RecordReservationRefused)
        assert [] == scheduling.claims()

    async def test_claim_again_without_harm(self, scheduling: Running) -> None:
        """A claim that is there is left as it is."""
        for number in (1, 2):
            await claims(scheduling).call(call(number=number), placed(*CLAIMING), TUESDAY)

        assert [(REFERRAL, 1, False)] * 3 == scheduling.claims()

    async def test_stop_at_a_refusal(self, scheduling: Running) -> None:
        """The practitioner's day is taken: what is claimed stays known, to be withdrawn."""
        gateway = claims(scheduling)
        other = call(referral_id="demo-other")
        await gateway.call(other, taken_by_others(claiming().attempt.slot), TUESDAY)
        answer = await gateway.call(call(), placed(*CLAIMING), TUESDAY)

        assert isinstance(answer.command, d.RecordReservationRefused)
        assert (answer.word, answer.refs) == ("alive", (call().effect_id,))
        assert (REFERRAL, 1, False) in scheduling.claims()

    async def test_release_every_day_any_number_of_times(self, scheduling: Running) -> None:
        """Also what a zombie claimed in between."""
        gateway, given_up = claims(scheduling), placed(*CLAIMING, refused())
        for number in (1, 2):
            await gateway.call(call(number=number), placed(*CLAIMING), TUESDAY)
            answer = await gateway.call(call("withdraw", number=number), given_up, TUESDAY)
            assert ("withdrawn", []) == (answer.word, scheduling.claims())
            assert isinstance(answer.command, d.RecordReservationReleased)

    async def test_know_that_a_forgotten_attempt_was_released(self, scheduling: Running) -> None:
        """The placement forgets it only then."""
        answer = await claims(scheduling).call(call("withdraw", revision=9), placed(*CLAIMING), TUESDAY)

        assert ("withdrawn", None) == (answer.word, answer.command)

    async def test_are_unknown_when_the_store_is_down(self, scheduling: Running) -> None:
        """Part of it may have been done."""
        scheduling.world.disk.is_database_down = True
        with pytest.raises(Unknown):
            await claims(scheduling).call(call(), placed(*CLAIMING), TUESDAY)
        scheduling.world.disk.is_database_down = False


class TestOpenings:
    def searching(self) -> d.Placement:
        """Somebody looks for openings of a real provider."""
        provider = SHIPPED.providers[0]
        return replace(
            placed(*ordered(d.candidate_of(provider)), *BOOKED[2:3]),
            seeking=d.Searching(1, provider.provider_ref, TUESDAY + HOUR),
        )

    async def test_offer_what_is_free(self, scheduling: Running) -> None:
        """Nothing that is claimed already."""
        gateway = Openings(SHIPPED, engines(scheduling))
        first: Any = (await gateway.call(call(kind="search"), self.searching(), TUESDAY)).command
        for opening in first.openings:
            taken = taken_by_others(opening)
            other = call(referral_id=f"demo-{opening.starts_at:%d%H%M}")
            await claims(scheduling).call(other, taken, TUESDAY)
        second: Any = (await gateway.call(call(kind="search"), self.searching(), TUESDAY)).command

        assert len(first.openings) == len(second.openings) == 5
        assert not set(first.openings) & set(second.openings)
        assert TUESDAY + 40 * DAY == first.searched_to

    async def test_offer_nothing_of_a_provider_that_is_not_listed_any_more(self, scheduling: Running) -> None:
        """Then no capacity is found, and a person looks after it."""
        gone = replace(self.searching(), seeking=d.Searching(1, "pr-gone", TUESDAY + HOUR))
        gateway = Openings(SHIPPED, engines(scheduling))
        command: Any = (await gateway.call(call(kind="search"), gone, TUESDAY)).command

        assert () == command.openings

    async def test_leave_nothing_to_withdraw(self, scheduling: Running) -> None:
        """A search is a question."""
        gateway = Openings(SHIPPED, engines(scheduling))

        assert "withdrawn" == (await gateway.call(call("withdraw", "search"), placed(*CLAIMING), TUESDAY)).word


class TestQuestions:
    @pytest.mark.parametrize(
        ("history", "life"), [(CLAIMING, "trying"), (BOOKED, "booked"), ([*BOOKED, ENDED], "dead"), ([], None)]
    )
    async def test_bring_a_placements_word(self, scheduling: Running, history: list[Any], life: str | None) -> None:
        """By the number of the claim; of a placement that is not there, nothing is said. Nobody makes its calls."""
        engine = replace(scheduling.service.engine, effects=Uncalled(scheduling.service.engine.effects.traits))
        for number, asked in enumerate(history):
            await engine.handle([CommandEnvelope(key=REFERRAL, id=str(number), command=asked)])
        await claims(scheduling).call(call(), placed(*CLAIMING), TUESDAY)
        day = replace(next(iter(scheduling.days().values())), question=Question(1, (1,)))
        command: Any = (await Questions({PLACEMENT: engine}).call(call(kind="ask"), day, TUESDAY)).command

        assert command.lives == ({1: life} if life else {})

    async def test_leave_nothing_to_withdraw(self, scheduling: Running) -> None:
        """A question is a question."""
        answer = await Questions(engines(scheduling)).call(call("withdraw", "ask"), EMPTY, TUESDAY)

        assert "withdrawn" == answer.word
