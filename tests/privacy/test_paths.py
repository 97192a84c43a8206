"""Every way that a referral can go leaves canaries inside seals, and nowhere else."""

import json
import re
from base64 import urlsafe_b64decode
from collections import defaultdict

import pytest
from pydantic import ConfigDict

from shared.contracts.catalogue import FACTS
from shared.contracts.sealed import Content
from shared.sealing import Keyring, SealingError
from tests.access.test_seals import EVERY
from tests.privacy.canaries import STEM, planted
from tests.privacy.conftest import Played
from tests.privacy.scanning import Evidence
from tests.privacy.tales import TALES

NOT_YET = {
    "org.throughline.visit.offered.v1": "nothing offers visits to patients yet",
    "org.throughline.referral.pathway-chosen.v1": "one pathway of the house is for every service, canary or not",
}
"""Facts that no story tells, and why."""
SEAL = re.compile(rb"eyJ[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
OPENINGS = {
    ("intake", "supply_information"): {"contact", "clinical"},
    ("intake", "compare_order"): {"contact", "clinical", "coverage", "logistics"},
    ("intake", "deliver_report"): {"clinical"},
    ("intake", "match_report"): {"contact", "clinical"},
    ("authorization", "find_payer"): {"coverage"},
    ("authorization", "check_eligibility"): {"coverage"},
    ("authorization", "request_authorization"): {"coverage", "clinical"},
    ("scheduling", "show_wishes"): {"logistics"},
    ("authorization", "show_payer_message"): {"coverage"},
    ("notifications", "plan_messages"): {"contact", "visit"},
    ("notifications", "write_message"): {"contact", "visit"},
}
"""Who opens which seals, and for what. One is opened to be shown: to whoever chooses a provider."""


class Anything(Content):
    """Whatever a seal holds."""

    model_config = ConfigDict(extra="allow")


def opened(keys: Keyring, evidence: Evidence) -> set[str]:
    """The canaries that all seals hold which are in topics or at rest."""
    contents = (content for place, found in evidence.places.items() if "metrics" not in place for content in found)
    seals = {seal.decode() for content in contents for seal in SEAL.findall(content)}
    plain = " ".join(_plain(keys, seal) for seal in seals)
    return set(re.findall(rf"{STEM}\w*", plain))


def _plain(keys: Keyring, seal: str) -> str:
    header = json.loads(urlsafe_b64decode(seal.partition(".")[0] + "=="))
    model: type[Content] = type("Named", (Anything,), {"sealed_as": header["cty"], "__module__": __name__})
    for audience in EVERY:
        try:
            return keys.open("demo", audience, seal, model, purpose="look", referral_id=header["ref"]).model_dump_json()
        except SealingError:  # another audience's, or the one that was spoiled
            continue
    return ""


@pytest.mark.timeout(1200)  # the first to run plays them all
class TestStories:
    async def test_go_every_way(self, played: Played) -> None:
        """Together they tell every fact that can be told: accepted to closed, denied, declined, missed, unknown."""
        assert set(FACTS) - set(NOT_YET) == played.stage.told()

    async def test_leave_no_canary_anywhere(self, played: Played) -> None:
        """Not in keys, headers or values of topics, documents, logs, figures, addresses, or answers."""
        assert {} == played.evidence.leaks()

    async def test_keep_every_canary_of_an_order_under_seal(self, played: Played) -> None:
        """What was scanned for was there: each field of an order is found again when its seals are opened."""
        sent = set(re.findall(rf"{STEM}\w*", str(TALES["completed"].order)))
        found = opened(played.stage.house.keys, played.evidence)

        assert set() == {canary.lower() for canary in sent} - {canary.lower() for canary in found}

    async def test_bring_patients_and_payers_what_they_need(self, played: Played) -> None:
        """The canaries did go out, to those whom they are for."""
        requests = played.stage.outside.requests
        bodies = b" ".join(request.content for request in requests).decode()
        member_id = TALES["completed"].order["coverage"][0]["member_id"]

        assert [] == [sent for sent in ("%2B16175550142", member_id, planted("letter")) if sent not in bodies]
        assert any(STEM in str(letter["To"]) for letter in played.mail.received)

    async def test_show_wishes_to_whoever_chooses(self, played: Played) -> None:
        """By the one route that shows what a seal holds; all others are among the answers that were scanned."""
        mobility = TALES["completed"].order["logistics"]["mobility"]

        assert mobility in b" ".join(played.stage.shown).decode()

    async def test_show_payers_messages_to_whoever_works_on_them(self, played: Played) -> None:
        """What a payer writes beside its codes lies under seal, and is read by the one route that opens it."""
        assert planted("message") in b" ".join(played.stage.shown).decode()

    async def test_open_seals_for_what_they_are_for(self, played: Played) -> None:
        """Each service opens the seals of its table, each for its purpose, and no others."""
        found = defaultdict(set)
        for service, opening in played.stage.house.openings:
            found[service, opening.purpose].add(opening.audience)

        assert OPENINGS == found
