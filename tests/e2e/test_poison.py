import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.reach import Reach
from deploy.local.platform import Platform
from shared.contracts.intake import ReferralFoundComplete
from tests.e2e.poisoner import Poisoner, fact_of
from tests.e2e.running import eventually, row, send_order, types_of


async def parked(reach: Reach, reader: str, referral: str) -> list[dict[str, Any]]:
    """What a service could not take in about a referral."""
    page = await reach.get(reader, "/v1/parked")
    return [entry for entry in page["parked"] if entry["key"] == referral]


POISONS: dict[str, tuple[bytes | None, dict[str, bytes], str]] = {
    "json": (b'{"referral_id": ', {}, "invalid-json"),
    "utf8": (b'{"referral_id": "\xff"}', {}, "invalid-json"),
    "shape": (b'{"referral_id": 7}', {}, "unreadable-data"),
    "null": (None, {}, "null-value"),
    "oversize": (b'{"referral_id": "%s"}' % (b"x" * 300_000), {}, "oversize"),
    "version": (b"{}", {"ce_type": f"{ReferralFoundComplete.TYPE}.v9".encode()}, "newer-version"),
    "sequence": (
        b"{}",
        {"ce_sequence": b"9" * 20},
        "/ce_sequence: Sequences begin with 1, and have ten digits.",
    ),
    "tenant": (b"{}", {"ce_tenant": b"other"}, "/ce_tenant: The tenant is not the one that the subject belongs to."),
}


class TestPoison:
    @pytest.mark.parametrize("name", POISONS)
    async def test_parks_its_referral_and_no_other(self, name: str, reach: Reach, poisoner: Poisoner) -> None:
        """What cannot be read waits with its reason, an operator owns the next act, and everybody else flows."""
        value, headers, reason = POISONS[name]
        referral = f"demo-poison{name}"
        await poisoner.tell(referral, value, headers=headers)

        async def is_parked() -> list[dict[str, Any]]:
            return await parked(reach, "tracking", referral)

        [entry] = await eventually(is_parked)
        assert reason == entry["reason"]
        assert [reason] == [
            entry["reason"] for entry in await eventually(lambda: parked(reach, "scheduling", referral))
        ]
        waiting = await eventually(lambda: row(reach, referral))
        assert ("operator", "resolve_parked") == (waiting["next"]["owner"], waiting["next"]["act"])
        await eventually(flowing(reach, await send_order(reach, f"BESIDE-{name}")))

    async def test_is_forgotten_once_mended(self, reach: Reach, poisoner: Poisoner) -> None:
        """A sound copy of the same fact takes the place of the one that nobody could read."""
        referral = "demo-mended"
        await poisoner.tell(referral, b"{")
        await eventually(lambda: parked(reach, "tracking", referral))

        await poisoner.tell(referral, fact_of(referral))

        await eventually(lambda: nothing_parked(reach, "tracking", referral))
        assert {"referral.found-complete"} <= await types_of(reach, referral)

    async def test_may_be_given_up(self, reach: Reach, poisoner: Poisoner) -> None:
        """An operator may discard by name what nobody will mend; naming it again does nothing more."""
        referral = "demo-givenup"
        await poisoner.tell(referral, b"{")
        await poisoner.tell(referral, fact_of(referral), sequence=2)
        await eventually(lambda: parked(reach, "tracking", referral))

        named = {"key": referral, "service": "intake", "sequence": 1}
        for _ in range(2):
            left = await reach.post("tracking", "/v1/parked/discard", named)
            assert [] == left["left"]

        assert {"referral.found-complete"} <= await types_of(reach, referral)

    async def test_is_not_replayed_into_sense(self, reach: Reach, poisoner: Poisoner) -> None:
        """Trying again what is broken leaves it where it is, however often."""
        referral = "demo-hopeless"
        await poisoner.tell(referral, b"{")
        await eventually(lambda: parked(reach, "tracking", referral))

        for _ in range(2):
            named = {"key": referral, "service": "intake", "sequence": 1}
            [entry] = (await reach.post("tracking", "/v1/parked/replay", named))["left"]
            assert "invalid-json" == entry["reason"]


class TestHole:
    async def test_holds_back_what_comes_after_it_until_it_is_filled(self, reach: Reach, poisoner: Poisoner) -> None:
        """Nobody acts on the second half of a story whose first half is missing."""
        referral = "demo-hole"
        await poisoner.tell(referral, fact_of(referral), sequence=2)
        [entry] = await eventually(lambda: parked(reach, "tracking", referral))
        assert "behind-hole" == entry["reason"]

        await poisoner.tell(referral, fact_of(referral), sequence=1)

        await eventually(lambda: nothing_parked(reach, "tracking", referral))

    async def test_may_be_given_up(self, reach: Reach, poisoner: Poisoner) -> None:
        """An operator may say that what is missing will never come, once it can no longer be on its way."""
        referral = "demo-forgone"
        await poisoner.tell(referral, fact_of(referral), sequence=2)
        await eventually(lambda: parked(reach, "scheduling", referral))

        async def is_given_up() -> bool:
            named = {"key": referral, "service": "intake"}
            return (await reach.send("scheduling", "POST", "/v1/parked/discard", json=named)).is_success

        await eventually(is_given_up)
        assert [] == await parked(reach, "scheduling", referral)


async def nothing_parked(reach: Reach, reader: str, referral: str) -> bool:
    """Whether the service has taken in everything about a referral."""
    return not await parked(reach, reader, referral)


def flowing(reach: Reach, referral: str) -> Callable[[], Awaitable[bool]]:
    """Whether a referral has come as far as to its provider."""

    async def flows() -> bool:
        return "provider.chosen" in await types_of(reach, referral)

    return flows


class TestReplay:
    async def test_takes_in_what_could_not_be_opened(self, platform: Platform, reach: Reach) -> None:
        """Without a key a service parks what it cannot open; with the key, replay goes on, and once is enough."""
        keys = platform.addresses.credentials_file.parents[1] / "sealing" / "notifications.json"
        whole = keys.read_text()
        lacking = {"keys": [key for key in json.loads(whole)["keys"] if ":contact:" not in key["kid"]]}
        restarted_with(platform, keys, json.dumps(lacking))
        referral = await send_order(reach, "UNOPENED-1")
        [entry] = [e for e in await eventually(lambda: parked(reach, "notifications", referral)) if e["is_stuck"]]

        restarted_with(platform, keys, whole)
        named = {"key": referral, "service": entry["service"], "sequence": entry["sequence"]}
        for _ in range(2):
            left = await reach.post("notifications", "/v1/parked/replay", named)
            assert [] == left["left"]

        told = ["processing.parked", "processing.unparked"]
        await eventually(lambda: has_told(reach, referral, told))


def restarted_with(platform: Platform, keys: Path, content: str) -> None:
    """Give notifications other keys, and start it anew."""
    platform.kill("notifications")
    keys.write_text(content)
    platform.start("notifications")
    platform.wait_ready("notifications")


async def has_told(reach: Reach, referral: str, types: list[str]) -> bool:
    """Whether all of these were told of a referral."""
    return set(types) <= await types_of(reach, referral)
