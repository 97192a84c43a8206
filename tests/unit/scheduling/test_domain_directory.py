"""The directory: it holds together, and the one that we ship serves every pathway."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.scheduling.domain import Directory
from services.scheduling.store import read_directory

CONFIG = Path(__file__).parents[3] / "deploy" / "config"
SHIPPED = read_directory(CONFIG / "directory.json")
PATHWAYS = json.loads((CONFIG / "pathways.json").read_bytes())


def entries(**changes: Any) -> dict[str, Any]:
    """A directory of one provider at one site, with something changed."""
    site = {"site_ref": "st-1", "name": "Sample", "address": "1 Way", "phone": "1", "timezone": "America/Denver"}
    session = {"weekdays": [1], "opens": "09:00", "closes": "10:00"}
    provider = {
        "provider_ref": "pr-1",
        "name": "Dr. Invented",
        "site_ref": "st-1",
        "room_ref": "rm-1",
        "is_in_house": True,
        "pathways": ["pw-1"],
        "visit_minutes": 30,
    }
    changed = {**provider, "sessions": [{**session, **changes.pop("session", {})}], **changes.pop("provider", {})}
    return {"sites": [{**site, **changes.pop("site", {})}], "providers": [changed] * changes.pop("times", 1)}


class TestDirectory:
    def test_takes_what_holds_together(self) -> None:
        """One provider, one site."""
        assert Directory.model_validate(entries()).provider("pr-1") is not None

    @pytest.mark.parametrize(
        "fault",
        [
            {"site": {"timezone": "America/Nowhere"}},
            {"site": {"site_ref": "st-2"}},
            {"provider": {"visit_minutes": 0}},
            {"provider": {"surprise": 1}},
            {"session": {"weekdays": [8]}},
            {"session": {"opens": "10:00"}},
            {"times": 2},
        ],
    )
    def test_refuses_what_does_not(self, fault: dict[str, Any]) -> None:
        """A fault in the configuration is found at the start, not at a booking."""
        with pytest.raises(ValidationError):
            Directory.model_validate(entries(**fault))

    def test_spreads_candidates_by_referral(self) -> None:
        """Nobody is everybody's first choice."""
        firsts = Counter(
            SHIPPED.candidates("pw-bj955d", "routine", f"demo-{number}")[0].provider_ref for number in range(300)
        )

        assert 6 == len(firsts)
        assert min(firsts.values()) > 20

    def test_puts_our_own_first_for_stat(self) -> None:
        """Who need not be asked is there at once."""
        found = SHIPPED.candidates("pw-bj955d", "stat", "demo-1")

        assert [True] * 3 + [False] * 3 == [candidate.is_in_house for candidate in found]

    def test_has_nobody_for_a_pathway_that_it_does_not_know(self) -> None:
        """Then a person chooses."""
        assert () == SHIPPED.candidates("pw-unheard", "routine", "demo-1")


class TestShippedDirectory:
    @pytest.mark.parametrize("pathway", PATHWAYS, ids=lambda p: str(p["pathway"]))
    def test_serves_every_pathway(self, pathway: dict[str, Any]) -> None:
        """Three providers in two sites at least, some in the house and some not, with the pathway's length of visit."""
        serving = [provider for provider in SHIPPED.providers if pathway["pathway"] in provider.pathways]

        assert len(serving) >= 3
        assert len({provider.site_ref for provider in serving}) >= 2
        assert {True, False} == {provider.is_in_house for provider in serving}
        assert {pathway["visit_minutes"]} == {provider.visit_minutes for provider in serving}

    def test_has_opaque_refs(self) -> None:
        """A name would tell a diagnosis."""
        names = {word.lower() for p in SHIPPED.providers for word in p.name.split()}
        refs = [ref for p in SHIPPED.providers for ref in (p.provider_ref, p.site_ref, p.room_ref)]

        assert all(len(ref) == 9 and not any(name in ref for name in names) for ref in refs)
