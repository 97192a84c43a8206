"""Which payer a coverage means, and by which clocks it must answer."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.authorization.domain import Payer, PayerClock, PayerDirectory
from shared.contracts.sealed import CoverageDetails, Policy

FILE = Path(__file__).parents[3] / "deploy" / "config" / "payers.json"
PAYERS = PayerDirectory.model_validate_json(FILE.read_bytes())


def alias(text: str) -> str:
    """Sixteen digits that change with the text."""
    return sha256(text.encode()).hexdigest()[:16]


def named(name: str) -> Payer:
    """The payer of a name."""
    return PAYERS.named(name, alias)


class TestPayerDirectory:
    @pytest.mark.parametrize("name", ["Medicaid", "  medicaid ", "MEDICAID", "Médicaid", "State-Medicaid", "medicaid"])
    def test_knows_a_payer_by_any_writing_of_its_names(self, name: str) -> None:
        """Case, accents, spacing and punctuation do not make another payer; its id is a name too."""
        assert "medicaid" == named(name).id

    def test_gives_a_listed_payer_its_own_clocks(self) -> None:
        """Not every payer is bound by CMS-0057-F."""
        payer = named("Bluecedar Mutual")

        assert (PayerClock(count=5, unit="business_days"), "America/Los_Angeles", "commercial") == (
            payer.clock("standard"),
            payer.zone,
            payer.line,
        )

    def test_gives_everybody_else_an_id_and_the_default_clocks(self) -> None:
        """72 hours expedited, 7 calendar days standard (CMS-0057-F)."""
        payer = named("Fernglow Health & Co.")

        assert (f"unlisted-{alias('fernglow-health-co')}", "commercial") == (payer.id, payer.line)
        assert (PayerClock(count=7, unit="calendar_days"), PayerClock(count=72, unit="hours")) == (
            payer.standard,
            payer.clock("expedited"),
        )

    @pytest.mark.parametrize("name", ["", "???", "健保"])
    def test_knows_nobody_by_a_name_without_letters(self, name: str) -> None:
        """An id is short and plain: it becomes part of addresses."""
        assert "unknown" == named(name).id

    def test_says_nothing_of_a_name_that_it_does_not_know(self) -> None:
        """People write anything where a payer's name belongs, and an id is seen in facts, addresses and figures."""
        family = named("Quillfeather family, cash")

        assert re.fullmatch(r"unlisted-[0-9a-f]{16}", family.id)
        assert family == named("QUILLFEATHER family - cash")
        assert family != named("Sampleson family, cash")

    def test_knows_an_unlisted_payer_by_its_id(self) -> None:
        """Who corrects a coverage names the payer by the id that is on the screen."""
        assert named("Fernglow") == named(named("Fernglow").id)

    def test_orders_policies_as_they_pay(self) -> None:
        """And tells of each no more than may be known outside its seal."""
        second = Policy(rank=2, payer_name="Medicaid", member_id="M-2")
        first = Policy(rank=1, payer_name="Medicare")
        policies = PAYERS.policies(CoverageDetails(policies=(second, first)), alias)

        assert [("medicare", False), ("medicaid", True)] == [(p.payer.id, p.has_member_id) for p in policies]
        assert "M-2" not in repr(policies)

    def test_names_each_payer_once(self) -> None:
        """Two payers of one name would share a patient's requests."""
        ids = [named(name).id for payer in PAYERS.payers for name in (payer.id, *payer.names)]

        assert ids == [payer.id for payer in PAYERS.payers for _ in (payer.id, *payer.names)]

    def test_refuses_a_zone_that_does_not_exist(self) -> None:
        """A clock that is counted nowhere is found when the service starts, not when it runs out."""
        listed = named("medicare").model_dump()

        with pytest.raises(ValidationError):
            Payer(**{**listed, "zone": "America/Atlantis"})
