"""The register finds a party by whatever names it, and refuses to say two things of one name."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.parties import DuplicateParty, Party, Register

CONFIG = Path(__file__).parents[3] / "deploy/config"


def party(kind: str, id_: str, tenant: str = "demo", **more: Any) -> Party:
    """A party with nothing but what is given."""
    return Party(tenant=tenant, kind=kind, id=id_, **more)  # type: ignore[arg-type] # pydantic checks the kind


class TestFinding:
    """What finds a party, and what finds none."""

    def test_a_client_finds_the_party_of_its_own_tenant_alone(self) -> None:
        """The same client id in another tenant is nobody's."""
        medicare = party("payer", "medicare", client_ids=("demo-payer-medicare",))
        register = Register([medicare])

        assert register.of_client("demo", "demo-payer-medicare") == medicare
        assert register.of_client("other", "demo-payer-medicare") is None
        assert register.of_client("demo", "medicare") is None

    def test_a_payer_is_asked_itself_or_through_who_speaks_for_it(self) -> None:
        """An alias of an unlisted payer goes to whom unlisted payers are entrusted; an unknown id to nobody."""
        medicare = party("payer", "medicare", payers=("medicare", "dual-eligible"))
        house = party("clearinghouse", "house", payers=("acme", "unlisted-*"))
        register = Register([medicare, house])

        asked = {id_: register.payer("demo", id_) for id_ in ("medicare", "dual-eligible", "acme", "unlisted-0f", "x")}
        assert asked == {
            "medicare": medicare,
            "dual-eligible": medicare,
            "acme": house,
            "unlisted-0f": house,
            "x": None,
        }

    def test_an_office_is_found_by_its_providers_and_an_ehr_by_its_id(self) -> None:
        """As the directory and the orders name them."""
        near = party("office", "near", provider_refs=("pr-near",))
        ehr = party("ehr", "main")
        register = Register([near, ehr])

        assert (register.office("demo", "pr-near"), register.office("demo", "pr-far")) == (near, None)
        assert (register.ehr("demo", "main"), register.ehr("demo", "near")) == (ehr, None)


class TestRefusing:
    """A register with two answers to one question is read by nobody."""

    @pytest.mark.parametrize(
        ("one", "two", "sentence"),
        [
            (("payer", "a", {}), ("payer", "a", {}), "The register names payer a of tenant demo twice."),
            (
                ("payer", "a", {"client_ids": ("c",)}),
                ("office", "b", {"client_ids": ("c",)}),
                "The register names client c of tenant demo twice.",
            ),
            (
                ("payer", "a", {}),
                ("clearinghouse", "h", {"payers": ("a",)}),
                "The register names payer a of tenant demo twice.",
            ),
            (
                ("office", "a", {"provider_refs": ("pr-1",)}),
                ("office", "b", {"provider_refs": ("pr-1",)}),
                "The register names provider pr-1 of tenant demo twice.",
            ),
            (
                ("ehr", "a", {"identifier_systems": ("urn:o",)}),
                ("ehr", "b", {"identifier_systems": ("urn:o",)}),
                "The register names system urn:o of tenant demo twice.",
            ),
        ],
    )
    def test_of_two_parties_with_one_name(self, one: Any, two: Any, sentence: str) -> None:
        """The sentence says which."""
        with pytest.raises(DuplicateParty, match=f"^{sentence}$"):
            Register([party(kind, id_, **more) for kind, id_, more in (one, two)])

    @pytest.mark.parametrize(
        "entry",
        [
            {"kind": "payer", "provider_refs": ["pr-1"]},
            {"kind": "office", "payers": ["medicare"]},
            {"kind": "office", "identifier_systems": ["urn:o"]},
            {"kind": "office", "client_id": "misspelt"},
            {"kind": "stranger"},
        ],
    )
    def test_of_what_would_never_be_read(self, entry: dict[str, Any], tmp_path: Path) -> None:
        """A field that the kind does not have, a misspelt one, an unknown kind."""
        file = tmp_path / "parties.json"
        file.write_text(json.dumps([{"tenant": "demo", "id": "a", **entry}]))

        with pytest.raises(ValidationError):
            Register.from_file(file)


class TestTheDemosRegister:
    """deploy/config/parties.json beside the payers and the directory of the demo."""

    def test_knows_whom_to_ask_for_every_payer_and_every_provider(self) -> None:
        """Listed, unlisted and unknown payers, and all providers."""
        register = Register.from_file(CONFIG / "parties.json")
        payers = [payer["id"] for payer in json.loads((CONFIG / "payers.json").read_bytes())["payers"]]
        providers = [each["provider_ref"] for each in json.loads((CONFIG / "directory.json").read_bytes())["providers"]]

        assert all(register.payer("demo", id_) for id_ in [*payers, "unlisted-0123456789abcdef", "unknown"])
        assert all(register.office("demo", ref) for ref in providers)
