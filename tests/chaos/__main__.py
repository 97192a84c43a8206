"""`python -m tests.chaos`: one run of any size, a line for each fault; the exit code is 1 when anything is wrong."""

import argparse
import asyncio
import sys
from pathlib import Path
from random import SystemRandom

from deploy.local.tools import Lacking
from tests.chaos.installation import installation
from tests.chaos.orders import MOST
from tests.chaos.report import summary
from tests.chaos.run import Plan, play

_LACKING = 4


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill and freeze everything under load.")
    parser.add_argument("--referrals", type=int, default=20_000, help=f"how many orders to send, at most {MOST}")
    parser.add_argument("--faults", type=int, default=500, help="how many faults strike meanwhile")
    parser.add_argument("--days", type=int, default=30, help="how many days are played once all is healed")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="which faults and orders")
    parser.add_argument("--directory", type=Path, default=Path(".throughline/chaos"), help="for data and logs")
    asked = parser.parse_args()
    _say(f"Seed {asked.seed}: {asked.referrals} referrals, {asked.faults} faults; logs in {asked.directory}/logs.")
    try:
        with installation(asked.directory) as parts:
            outcome = asyncio.run(play(parts, Plan(asked.seed, asked.referrals, asked.faults, asked.days), _say))
    except Lacking as lacking:
        _say(f"{lacking}: {lacking.remedy}")
        return _LACKING
    for line in summary(outcome):
        _say(line)
    return 1 if outcome.violations else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
