import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.cli.reach import Reach
from deploy.local.platform import Platform
from tests.e2e.running import eventually, send_order, types_of

FOLLOWER = Path(__file__).with_name("follower.py")


def followed(platform: Platform, referral: str) -> list[dict[str, Any]]:
    """What another team's program finds on the topics."""
    argv = [sys.executable, "-I", str(FOLLOWER), str(platform.addresses.kafka_bootstrap), referral]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


class TestFollower:
    async def test_follows_a_referral_from_the_topics(self, platform: Platform, reach: Reach) -> None:
        """Kafka and CloudEvents are all that another team needs to know; a fact may come twice, never out of order."""
        referral = await send_order(reach, "FOLLOWED-1")
        wanted = {"referral.received", "referral.found-complete", "provider.chosen"}

        async def has_begun() -> bool:
            return wanted <= await types_of(reach, referral)

        await eventually(has_begun)
        events = followed(platform, referral)

        assert wanted <= {event["type"].removeprefix("org.throughline.").removesuffix(".v1") for event in events}
        assert {referral} == {event["subject"] for event in events}
        for source in {event["source"] for event in events}:
            firsts = list(dict.fromkeys(int(event["sequence"]) for event in events if event["source"] == source))
            assert firsts == list(range(1, len(firsts) + 1))

    async def test_finds_no_patient_there(self, platform: Platform, reach: Reach) -> None:
        """Names and numbers travel sealed; whoever reads a topic reads no patient."""
        referral = await send_order(reach, "FOLLOWED-2")

        async def is_received() -> bool:
            return "referral.received" in await types_of(reach, referral)

        await eventually(is_received)
        told = json.dumps(followed(platform, referral))

        assert "seals" in told
        assert [word for word in ("example.com", "55501", "INV", "FOLLOWED-2") if word in told] == []
