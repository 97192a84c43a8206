import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.reach import Reach
from deploy.local.platform import Platform
from tests.e2e.running import eventually, send_order, types_of

FOLLOWER = Path(__file__).with_name("follower.py")


WORDS = (r"example\.com", r"\d{3}55501\d{2}", r"INV\d{8}", r"FOLLOWED-2")
"""Of an invented order: its e-mail, telephone and member numbers, and its own."""


def patients_in(told: str) -> list[str]:
    """The words of an order that stand there."""
    return [word for word in WORDS if re.search(word, told)]


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
        assert [] == patients_in(told)


class TestPatientsIn:
    @pytest.mark.parametrize(
        "told", ["ada.testerly@example.com", "+16175550142", '"INV00000001"', '{"order": "FOLLOWED-2"}']
    )
    def test_finds_each_word_of_an_order(self, told: str) -> None:
        """What a topic must not hold is seen when it is there."""
        assert 1 == len(patients_in(told))

    @pytest.mark.parametrize("told", ['"seals": {"a": "8qINVx0k+55501/Z"}', "00-4bf92f55501e4736a3ce929d0e0e4736-01"])
    def test_takes_no_chance_for_a_word(self, told: str) -> None:
        """Seals and trace ids write every short word once in a while."""
        assert [] == patients_in(told)
