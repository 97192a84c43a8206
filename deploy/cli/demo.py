"""`throughline demo`: starts everything, sends referrals, plays weeks in minutes, and shows where each one ended."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deploy.cli import screen
from deploy.cli.exits import Code
from deploy.cli.feed import Account, Feed, IntakeRequest
from deploy.cli.generate import PATHS, SECOND, Sending, sendings
from deploy.cli.later import say
from deploy.cli.load import feed_file
from deploy.cli.outcome import disagreements
from deploy.cli.player import Plan
from deploy.cli.reach import Reach, find_platform
from deploy.cli.story import Story, play
from deploy.cli.tables import tables
from deploy.cli.up import keep_alive
from deploy.local.platform import Platform, free_ports, local_platform
from deploy.local.stack import local_stack

DIRECTORY: Final = Path(".throughline/demo")
CANCELLATION: Final = {
    "reason": {"system": "throughline", "code": "no-longer-needed"},
    "asked_by": "referrer",
}
File = Annotated[Path | None, typer.Argument(help="NDJSON of FHIR Bundles, plain or gzip, instead of invented ones.")]
Referrals = Annotated[int, typer.Option(min=1, max=5000, help="How many requests to invent.")]
Days = Annotated[int, typer.Option(min=0, max=400, help="How much of the story to play.")]
Running = Annotated[bool, typer.Option("--running", help="Play on the platform that runs already, moving its time.")]


def demo(
    file: File = None,
    *,
    referrals: Referrals = 200,
    days: Days = 60,
    running: Running = False,
    as_json: screen.AsJson = False,
) -> None:
    """Start everything, send referrals, play time forward, and show where each one ended. Ends by itself."""
    story = story_of_file(file, days) if file else story_of_invented(referrals, days)
    document = _play_on_running(story) if running else _play_on_new(story)
    wrong = disagreements(document)
    screen.show({**document, "disagreements": wrong}, as_json=as_json, tables=lambda: tables(document))
    for sentence in wrong:
        screen.say(f"The sums do not agree: {sentence}.")
    if wrong:
        raise typer.Exit(Code.FAILED)


def _play_on_new(story: Story) -> dict[str, Any]:
    with (
        local_stack(DIRECTORY, screen.say) as stack,
        local_platform(DIRECTORY, stack, free_ports(), screen.say) as platform,
    ):
        return {"stack": stack.kind, "days": story.days, **asyncio.run(_watched(platform, story))}


def _play_on_running(story: Story) -> dict[str, Any]:
    return {"stack": "running", "days": story.days, **asyncio.run(play(find_platform(), story))}


def story_of_file(file: Path, days: int) -> Story:
    """A story that sends the lines of a file and does nothing else."""
    return Story(lambda reach, _start: feed_file(reach, file), lambda _reach, _account, _start: (), days)


def story_of_invented(count: int, days: int) -> Story:
    """A story of invented referrals: some are cancelled later, and of some the EHR sends further messages."""
    sent: list[Sending] = []

    async def send(reach: Reach, start: datetime) -> Account:
        sent.extend(sendings(count, start))
        return await _send(reach, sent)

    def plans(reach: Reach, account: Account, start: datetime) -> Sequence[Plan]:
        taken = [(sending, account.new[line][0]) for line, sending in enumerate(sent, 1) if line in account.new]
        cancelled = [
            Plan(start + sending.cancel_after, partial(_cancel, reach, referral))
            for sending, referral in taken
            if sending.cancel_after
        ]
        spoken_of = [
            Plan(start + message.after, partial(say, reach, account, message))
            for sending, _ in taken
            for message in sending.later
        ]
        return [*cancelled, *spoken_of]

    return Story(send, plans, days)


async def _watched(platform: Platform, story: Story) -> dict[str, Any]:
    """Play the story and watch over the platform at the same time; whichever fails ends both."""
    playing = asyncio.create_task(play(platform.addresses, story))
    keeping = asyncio.create_task(keep_alive(platform))
    try:
        await asyncio.wait({playing, keeping}, return_when=asyncio.FIRST_COMPLETED)
        return await playing if playing.done() else await _failed(keeping)
    finally:
        for task in (playing, keeping):
            task.cancel()
        await asyncio.gather(playing, keeping, return_exceptions=True)


async def _failed(keeping: asyncio.Task[None]) -> dict[str, Any]:
    await keeping
    raise AssertionError("Keeping alive ends only by failing.")


async def _send(reach: Reach, sent: Sequence[Sending]) -> Account:
    """Send later messages last: requests run at the same time, and the first order to arrive counts."""
    numbered = list(enumerate(sent, 1))
    with screen.progress("Sending referrals") as moved:
        feed = Feed(reach, lambda _order: moved(feed.account.sent / len(sent), ""))
        for is_second in (False, True):
            part = [(line, sending) for line, sending in numbered if (sending.kind in SECOND) == is_second]
            await feed.send_all(IntakeRequest(line, PATHS[sending.door], sending.body) for line, sending in part)
        return feed.account


async def _cancel(reach: Reach, referral: str) -> None:
    """Cancel a referral. One that is closed by then refuses, which is right."""
    headers = {"Idempotency-Key": f"cancel-{referral}"}
    await reach.insist("intake", "POST", f"/v1/referrals/{referral}/cancellation", json=CANCELLATION, headers=headers)
