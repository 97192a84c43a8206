import unicodedata
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from services.intake.api.own import OwnOrder
from services.intake.domain.content import content, elements_that_differ, groups_of
from services.intake.domain.identifiers import is_icd_10_cm, is_npi, zip_code
from services.intake.domain.order import Identifier, Order
from services.intake.domain.pathways import Pathways
from services.intake.domain.telephones import telephone
from shared.contracts.sealed import Coding
from tests.unit.intake.invented import as_bytes, own

OWN: TypeAdapter[OwnOrder] = TypeAdapter(OwnOrder)
HOME = "America/New_York"


def order(**changes: object) -> Order:
    """The invented order with changes."""
    return OWN.validate_json(as_bytes(own(**changes))).order(HOME)


def patient(**changes: object) -> dict[str, object]:
    """The invented patient with changes; None leaves a member out."""
    changed = {**own()["patient"], **changes}
    return {name: value for name, value in changed.items() if value is not None}


class TestWishes:
    def test_are_sealed_for_whoever_chooses(self) -> None:
        """What a visit is to be like goes where a provider is chosen, as well as into the clinical seal."""
        said = {"details": ("second opinion",), "body_sites": ("left knee",), "instructions": "Come fasting."}
        groups = groups_of(order().model_copy(update=said))

        assert groups["logistics"].model_dump()["particulars"] == said
        assert said.items() <= groups["clinical"].model_dump().items()

    def test_cost_nothing_where_there_are_none(self) -> None:
        """A seal is in every copy of a fact."""
        assert "particulars" not in groups_of(order())["logistics"].model_dump(exclude_none=True)

    def test_are_looked_at_once_when_they_change(self) -> None:
        """They stand twice under seal, and once among the elements that differ; a seal of before is no difference."""
        came = groups_of(order().model_copy(update={"details": ("second opinion",)}))
        of_before = {**came, "logistics": order().logistics}

        assert [("clinical", "details")] == list(elements_that_differ(groups_of(order()), came))
        assert not list(elements_that_differ(of_before, came))


class TestContent:
    @pytest.mark.parametrize(
        "same",
        [
            {"authored_at": "2026-04-06T14:00:00Z"},
            {"requester": {"npi": "1234567893", "name": "Otto Orderly", "organization": "Orderly & Sons"}},
            {"service": {"system": "http://nucc.org/provider-taxonomy", "code": "207RC0000X", "text": "Cardiology"}},
            {"patient": patient(phone="+1 617 555 0101", postal_code="80202-1234", timezone="America/Denver")},
        ],
    )
    def test_is_the_same_however_it_is_written(self, same: dict[str, object]) -> None:
        """The same instant, number or code is the same order, whatever the spelling and the display names."""
        assert content(order()) == content(order(**same))

    @pytest.mark.parametrize(
        "other",
        [
            {"priority": "stat"},
            {"authored_at": "2026-04-06T14:00:01Z"},
            {"requester": {"npi": "1245319599"}},
            {"patient": patient(family="Elsewise")},
            {"patient": patient(phone=None)},
            {"diagnoses": []},
            {"notes": ["Palpitations since summer."]},
            {"coverage": None, "declared_self_pay": True},
            {"expires_at": "2026-10-01T00:00:00Z"},
            {"logistics": {"mobility": "wheelchair"}},
        ],
    )
    def test_differs_with_what_it_says(self, other: dict[str, object]) -> None:
        """Whatever would be done differently makes another order."""
        assert content(order()) != content(order(**other))

    @pytest.mark.parametrize(
        "trifle",
        [
            {"notes": ["  Palpitations   since spring. "]},
            {"patient": patient(family="QUILLFEATHER", given="zephyrine", email="Zephyrine@Example.com")},
            {"coverage": [{"payer_name": "TESTSHIELD  mutual", "member_id": "INV00000001"}]},
        ],
    )
    def test_is_the_same_with_trifles_changed(self, trifle: dict[str, object]) -> None:
        """Blanks and the letter case of names make no other order."""
        assert content(order()) == content(order(**trifle))

    def test_is_the_same_in_another_normal_form_of_unicode(self) -> None:
        """A letter with its accent is the same letter as one with the accent behind it."""
        composed, apart = (unicodedata.normalize(form, "Zoë Müller-Ångström") for form in ("NFC", "NFD"))

        assert composed != apart
        assert content(order(notes=[composed])) == content(order(notes=[apart]))
        assert content(order(patient=patient(family=composed))) == content(order(patient=patient(family=apart)))

    def test_is_the_same_with_its_lists_in_another_order(self) -> None:
        """Two diagnoses, two notes: which of them stands first says nothing."""
        other = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R06.02"}
        both = [*own()["diagnoses"], other]

        assert content(order(diagnoses=both)) == content(order(diagnoses=both[::-1]))
        assert content(order(notes=["One.", "Two."])) == content(order(notes=["Two.", "One."]))
        assert content(order(diagnoses=both)) != content(order())

    def test_does_not_depend_on_what_a_release_adds(self) -> None:
        """What is empty does not count: else a new member would make old orders look changed."""
        assert b"null" not in content(order())
        assert b'""' not in content(order())

    def test_does_not_depend_on_the_order_number(self) -> None:
        """A number that comes later, or another name, is of the same order: which one is decided by all its names."""
        named = order().model_copy(update={"aliases": (Identifier(system="urn:example:filler", value="F-1"),)})

        assert content(order()) == content(named) == content(order(order_number="ORD-4002"))

    def test_keeps_the_former_form_of_orders_that_were_taken_in_before(self) -> None:
        """The fingerprints of the last release are recognized: a nightly resend is no change after an upgrade."""
        former = (
            b'{"authored_at":"2026-04-06T14:00:00Z","contact":{"birth_date":"1971-02-03","email":"zephyrine@example.com",'
            b'"family":"Quillfeather","given":"Zephyrine","language":"es","phone":"+16175550101"},'
            b'"diagnoses":[{"code":"I48.91","system":"http://hl7.org/fhir/sid/icd-10-cm"}],"logistics":{"postal_code":'
            b'"80202"},"mrn":{"system":"urn:example:mrn","value":"MRN-7001"},"notes":["Palpitations since spring."],'
            b'"number":{"system":"urn:example:orders","value":"ORD-4001"},"policies":[{"member_id":"INV00000001",'
            b'"payer_name":"Testshield Mutual"}],"priority":"urgent","requester":{"npi":"1234567893"},"service":{'
            b'"code":"207RC0000X","system":"http://nucc.org/provider-taxonomy"}}'
        )

        assert former == order().former_content


class TestProvided:
    def test_names_everything_that_a_whole_order_brings(self) -> None:
        """A whole order leaves nothing to be asked for."""
        assert {"diagnosis", "contact", "coverage", "requester", "service", "name", "birth_date"} == order().provided

    @pytest.mark.parametrize(
        ("lacking", "item"),
        [
            ({"diagnoses": None}, "diagnosis"),
            ({"patient": patient(phone=None, email=None)}, "contact"),
            ({"coverage": None}, "coverage"),
            ({"requester": None}, "requester"),
        ],
    )
    def test_leaves_out_what_is_lacking(self, lacking: dict[str, object], item: str) -> None:
        """Each thing that a referral needs is missed when it is not there."""
        assert item not in order(**lacking).provided

    def test_takes_one_way_to_reach_the_patient(self) -> None:
        """A telephone or an e-mail address is enough."""
        assert "contact" in order(patient=patient(phone=None)).provided

    def test_takes_self_pay_for_coverage(self) -> None:
        """Who pays alone has no payer to be asked for."""
        assert "coverage" in order(coverage=None, declared_self_pay=True).provided


class TestContact:
    def test_lives_where_the_zip_code_lies(self) -> None:
        """The time zone comes from the ZIP code, so that nobody is woken at night."""
        assert "America/Denver" == order().contact.timezone

    def test_lives_at_home_when_nothing_is_known(self) -> None:
        """An unknown ZIP code means the health system's own zone."""
        assert HOME == order(patient=patient(postal_code="00000")).contact.timezone
        assert HOME == order(patient=patient(postal_code=None)).contact.timezone


class TestPathways:
    def test_are_chosen_by_what_is_asked_for(self) -> None:
        """Every specialty of the shipped table has its own pathway; for anything else a person chooses one."""
        table = Pathways.model_validate_json(Path("deploy/config/pathways.json").read_bytes())

        assert list(table.root) == [table.of(Coding(system="any", code=row.taxonomy)) for row in table.root]
        assert list(table.root) == [table.named(row.pathway) for row in table.root]
        assert (None, None) == (table.of(None), table.of(Coding(system="any", code="unheard-of")))

    def test_may_have_one_for_all_others(self) -> None:
        """An installation that wants no person asked says so in a row of its own."""
        table = Pathways.model_validate([{"pathway": "pw-0", "version": 1, "taxonomy": "*"}])

        assert table.root[0] == table.of(None) == table.of(Coding(system="any", code="unheard-of"))

    def test_must_be_unambiguous(self) -> None:
        """A table that gives an order two pathways is refused at start."""
        with pytest.raises(ValidationError):
            Pathways.model_validate([{"pathway": f"pw-{n}", "version": 1, "taxonomy": "a"} for n in range(2)])


class TestIdentifiers:
    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            ("1234567893", True),
            ("1558598797", True),
            ("1234567890", False),
            ("8189991234", False),  # passes Luhn, but no NPI begins with 8
            ("123456789", False),
            ("12345678931", False),
            ("١٢٣٤٥٦٧٨٩٣", False),
        ],
    )
    def test_npi_has_its_check_digit(self, number: str, expected: bool) -> None:
        """Ten digits, of which the first is 1 or 2 and the last the Luhn digit over 80840."""
        assert expected is is_npi(number)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("I48.91", True),
            ("R69", True),
            ("U07.1", True),
            ("S52.521A", True),
            ("M17.11XAB", False),
            ("i48.91", False),
            ("I4891", False),
        ],
    )
    def test_icd_10_cm_has_its_form(self, code: str, expected: bool) -> None:
        """A letter, a digit, a digit or letter, then after a dot up to four more."""
        assert expected is is_icd_10_cm(code)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("01002", "01002"),
            ("01002-2271", "01002"),
            ("010022271", "01002"),
            ("00000", None),
            ("EC1A", None),
            (None, None),
        ],
    )
    def test_zip_code_is_five_digits(self, text: str | None, expected: str | None) -> None:
        """The first five digits say where; 00000 says that nobody knows."""
        assert expected == zip_code(text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("617-555-0101", "+16175550101"), ("+44 1632 960001", "+441632960001"), ("555", None), ("call me", None)],
    )
    def test_phone_number_is_e164(self, text: str, expected: str | None) -> None:
        """However it was written, a number is kept as it is dialled from anywhere."""
        found = telephone(text)

        assert expected == (found.number if found else None)
