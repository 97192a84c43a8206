import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json

from deploy.cli.demo import story_of_invented
from deploy.cli.feed import Account
from deploy.cli.outcome import disagreements
from deploy.cli.player import Plan
from deploy.cli.reach import Reach
from deploy.cli.story import Story, play
from deploy.local.platform import Platform
from tests.e2e.running import eventually, started
from tests.support.sizes import SIZES

REQUESTS, DAYS = SIZES.story
KILLED_AFTER_H = {"authorization": 2, "scheduling": 5, "notifications": 24, "tracking": 7 * 24}
"""Hours of the story at which much falls due: a service dies the moment after the clock has reached its own."""

DEDUPED = ("authorization", "office_request", "visit", "information", "acknowledgement")
"""What the outside does once, however often it is asked. Messages to patients may be told twice after a crash."""

pytestmark = pytest.mark.timeout(1200)
"""Each story plays on a platform of its own, and the time of the one that all compare with counts in the first test."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose keys two runs share: the same order is the same referral in both."""
    return tmp_path_factory.mktemp("story")


def told(platform: Platform, story: Story, start: datetime | None = None) -> dict[str, Any]:
    """What became of a story, as any program reads it."""
    found: dict[str, Any] = json.loads(to_json(asyncio.run(play(platform.addresses, story, start))))
    return found


def ending(document: dict[str, Any]) -> dict[str, Any]:
    """What must be the same whatever was killed: where each referral is and who owes what, and what was done once."""
    waiting = {
        row["referral_id"]: (row["state"], row["payer"], row["next"]["act"], row["next"]["owner"])
        for row in document["waiting"]
    }
    effects = {kind: document["outside"][kind]["effects"] for kind in DEDUPED}
    return {
        "sent": document["sent"],
        "later": document["later"],
        "sums": document["sums"],
        "by_state": document["by_state"],
        "waiting": waiting,
        "effects": effects,
    }


def with_kills(story: Story, platform: Platform) -> Story:
    """The same story, in which intake dies while orders come in, and the others when a new hour brings them work."""

    async def send(reach: Reach, start: datetime) -> Account:
        sending = asyncio.ensure_future(story.send(reach, start))
        await eventually(lambda: something_told(reach))
        await killing(platform, "intake")()
        return await sending

    def plans(reach: Reach, account: Account, start: datetime) -> Sequence[Plan]:
        kills = [Plan(start + timedelta(hours=h), killing(platform, name)) for name, h in KILLED_AFTER_H.items()]
        return [*story.plans(reach, account, start), *kills]

    return replace(story, send=send, plans=plans)


async def something_told(reach: Reach) -> bool:
    """Whether tracking has heard of any referral."""
    return bool((await reach.get("tracking", "/v1/summary"))["referrals"])


def killing(platform: Platform, name: str) -> Callable[[], Awaitable[None]]:
    """Kill -9, and start again."""

    async def act() -> None:
        platform.kill(name)
        platform.start(name)

    return act


@pytest.fixture(scope="module")
def undisturbed(keys: Path) -> dict[str, Any]:
    """How the story ends when nothing goes wrong."""
    with started(keys) as platform:
        return told(platform, story_of_invented(REQUESTS, DAYS))


class TestStory:
    def test_ends_with_every_referral_accounted_for(self, undisturbed: dict[str, Any]) -> None:
        """What was sent is new, repeated or refused; what is in is closed, or waits for somebody until some time."""
        assert [] == disagreements(undisturbed)
        assert undisturbed["sums"]["closed"] > 0
        assert {"changed": {"to_a_person": 1}, "revoked": {"cancelled": 1}} == undisturbed["later"]["by_word"]
        assert all(row["next"]["owner"] and row["next"]["due_at"] for row in undisturbed["waiting"])

    def test_asks_the_outside_once(self, undisturbed: dict[str, Any]) -> None:
        """However many requests it took, each thing was done once."""
        outside = undisturbed["outside"]

        assert [] == [kind for kind in DEDUPED if outside[kind]["effects"] > outside[kind]["identifiers"]]

    def test_ends_the_same_whatever_is_killed(self, undisturbed: dict[str, Any], keys: Path) -> None:
        """Each service is killed by SIGKILL in the middle of its work, once, and started again."""
        start = datetime.fromisoformat(undisturbed["started_at"])  # a week may have ended since
        with started(keys) as platform:
            disturbed = told(platform, with_kills(story_of_invented(REQUESTS, DAYS), platform), start)

        assert ending(undisturbed) == ending(disturbed)
