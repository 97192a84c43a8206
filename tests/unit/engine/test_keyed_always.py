"""Whatever comes twice, late or elsewhere, whatever operators do: facts by key take effect once, or are kept."""

from dataclasses import dataclass, field
from random import Random

import pytest

from shared.contracts.envelope import from_headers
from shared.errors import Unreadable
from shared.messaging.parked import CloseUnsequenced, parked_documents
from shared.ports import Received
from tests.support.charts import OTHER_PATIENT, PATIENT, told
from tests.support.tally import OTHER, REFERRAL
from tests.unit.engine.test_keyed import Charts

ACTS, LAST, COPIES = 120, 6, 100
PATIENTS = (PATIENT, PATIENT, OTHER_PATIENT, None)


@dataclass
class Story:
    """Facts of two referrals, some about patients, some unreadable, on two replicas."""

    random: Random
    charts: Charts = field(default_factory=Charts)
    given_up: set[str] = field(default_factory=set)
    for_nobody: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Say of each fact whom it is about."""
        self.replicas = [self.charts.replica(), self.charts.replica()]
        self.facts = [self._fact(n, subject) for subject in (REFERRAL, OTHER) for n in range(1, LAST + 1)]

    def _fact(self, n: int, subject: str) -> tuple[Received, Received]:
        """A fact, and another copy of it elsewhere on the topic."""
        patient, place = self.random.choice(PATIENTS), n + LAST * (subject == OTHER)
        if self.random.random() < 0.2:
            self.unreadable.add(f"{subject[-1]}{n}")
            return told(n, subject=subject, value=b"{", offset=place), told(
                n, subject=subject, value=b"{", offset=place
            )
        if patient is None:
            self.for_nobody.add(f"{subject[-1]}{n}")
        return told(n, patient, subject, offset=place), told(n, patient, subject, offset=place + COPIES)

    async def act(self) -> None:
        """Something happens, on one of the replicas."""
        place = self.random.randrange(2)
        self.charts.engine = self.replicas[place]
        acts = self.hears, self.hears, self.hears, self.opens_or_closes, self.replays, self.gives_up, self.crashes
        await self.random.choice(acts)()
        self.replicas[place] = self.charts.engine

    async def hears(self) -> None:
        """Some records come, in any order."""
        await self.charts.hear(*(self.random.choice(self.random.choice(self.facts)) for _ in range(3)))

    async def opens_or_closes(self) -> None:
        """The first patient's chart takes things, or refuses them."""
        await self.charts.close(is_closed=self.random.random() < 0.5)

    async def replays(self) -> None:
        """An operator tries again what is parked."""
        for key, origin in await self._parked():
            try:
                await self.charts.replay(key, origin)
            except Unreadable:
                assert key.endswith(origin)

    async def gives_up(self) -> None:
        """An operator gives up something that is parked."""
        if found := await self._parked():
            key, origin = self.random.choice(found)
            self.given_up.add(await self._name(key, origin))
            await self.charts.engine.do(CloseUnsequenced(key, origin))

    async def crashes(self) -> None:
        """A replica starts again, and remembers nothing."""
        self.charts.engine = self.charts.replica()

    async def end(self) -> None:
        """All is well again: the whole topic is read once more, and all that can be is replayed."""
        await self.charts.close(is_closed=False)
        await self.charts.hear(*(copy for copies in self.facts for copy in copies))
        await self.replays()

    async def _parked(self) -> list[tuple[str, str]]:
        documents = [each async for each in parked_documents(self.charts.engine)]
        return [(each.id, entry.origin) for each in documents for entry in each.kept]

    async def _name(self, key: str, origin: str) -> str:
        document = await self.charts.tally(key)
        entry = document.unsequenced[origin]
        assert entry
        envelope = from_headers(entry.headers, entry.key, entry.topic)
        return f"{envelope.subject[-1]}{envelope.sequence}"

    async def kept(self) -> list[str]:
        """The facts that are parked."""
        return sorted([await self._name(key, origin) for key, origin in await self._parked()])

    def noted(self) -> list[str]:
        """What all charts have noted, as often as they have."""
        charts = [stored for key, stored in self.charts.stored().items() if ":" not in key]
        return sorted(what for chart in charts for what in chart["state"]["noted"])


@pytest.mark.parametrize("seed", range(12))
async def test_takes_effect_once_or_is_kept(seed: int) -> None:
    """Each readable fact is in one chart, once, or was given up; each unreadable one is parked, or was given up."""
    story = Story(Random(seed))
    for _ in range(ACTS):
        await story.act()
    await story.end()

    everything = {f"{subject}{n}" for subject in "ab" for n in range(1, LAST + 1)}
    expected = everything - story.unreadable - story.for_nobody - story.given_up
    assert sorted(expected) == story.noted()
    assert sorted(story.unreadable - story.given_up) == await story.kept()
