"""Writes down what a referral costs now: `python -m tests.counts.approve "what the change buys"`."""

import sys

from tests.counts.approved import write
from tests.counts.stories import STORIES, played

if __name__ == "__main__":
    _, *why = sys.argv
    if not why:
        sys.exit('A price changes for a reason: python -m tests.counts.approve "what the change buys"')
    write({name: played(name) for name in STORIES}, " ".join(why))
