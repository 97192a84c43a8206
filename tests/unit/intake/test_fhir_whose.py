"""Whose it is: the number of the order, the patient's record, coverages and conditions of this patient alone."""

from typing import Any

import pytest

from services.intake.api.fhir import bundle as parcels
from services.intake.api.fhir.order import Asked, orders_of
from services.intake.domain.instruction import Place
from services.intake.domain.order import Order
from tests.unit.intake.bundles import HOME
from tests.unit.intake.doors import HERE, ICD, Document, changed, concept, plain, typed
from tests.unit.intake.invented import as_bytes
from tests.unit.intake.test_doors import NOW

OLD_TYPES = "http://hl7.org/fhir/v2/0203"
MRN, CASES = "urn:example:mrn", "urn:example:cases"


def read(document: Document) -> Asked:
    """What the one order of a Bundle asks for."""
    [found] = orders_of(parcels.opened(as_bytes(document)), NOW, HOME)
    return found


def order(document: Document) -> Order:
    """The order that is taken."""
    found = read(document)
    assert isinstance(found.instruction, Place), found.flaws
    return found.instruction.order


def warned(document: Document) -> list[str]:
    """What is odd, by code."""
    return [warning.code for warning in read(document).warnings]


def numbered(*identifiers: Document) -> Document:
    """The plain order under other numbers."""
    return changed("00", {}, identifier=list(identifiers))


def recorded(*identifiers: Document) -> Document:
    """The plain order of a patient with other numbers."""
    return changed("00", {"Patient/p1": {"identifier": list(identifiers)}})


def insured(**elements: Any) -> Document:
    """The plain order under another coverage."""
    return changed("00", {"Coverage/c1": elements})


def untyped(value: str, system: str = MRN, **more: Any) -> Document:
    """An identifier that does not say what it is."""
    return {"system": system, "value": value, **more}


class TestOrderNumber:
    @pytest.mark.parametrize(
        ("identifiers", "expected"),
        [
            ([typed("FILL", "F", CASES), typed("PLAC", "P", CASES)], (CASES, "P")),
            ([untyped("U", CASES), typed("PLAC", "P", CASES)], (CASES, "P")),
            ([typed("FILL", "F", CASES), untyped("U", CASES)], (CASES, "U")),
            ([{"type": concept(OLD_TYPES, "PLAC"), "system": CASES, "value": "P"}, untyped("A", CASES)], (CASES, "P")),
            ([{"type": {"text": "Placer order number"}, **untyped("P", CASES)}, untyped("A", CASES)], (CASES, "P")),
            ([typed("FILL", "F", CASES)], (f"filler|{CASES}", "F")),
            ([typed("FILL", "F", CASES), typed("PLAC", "P", CASES, use="old")], (CASES, "P")),
            ([typed("PLAC", "P", CASES, use="old"), typed("PLAC", "Q", CASES)], (CASES, "Q")),
            ([typed("VN", "V", CASES)], ("server|https://ehr.example/fhir/ServiceRequest", "sr1")),
            ([typed("PLAC", "P")], ("server|https://ehr.example/fhir/ServiceRequest", "sr1")),
        ],
    )
    def test_is_the_placers_whichever_stands_first(
        self, identifiers: list[Document], expected: tuple[str, str]
    ) -> None:
        """Then what does not say whose it is, the filler's, and the server's: each in a name space of its own."""
        for listed in (identifiers, identifiers[::-1]):
            number = order(numbered(*listed)).number

            assert expected == (number.system, number.value)

    def test_leaves_every_other_name_as_an_alias(self) -> None:
        """Whichever of them comes alone the next time leads to the same referral."""
        found = order(
            numbered(typed("PLAC", "P", CASES), typed("FILL", "F", CASES), typed("PLAC", "OLD", CASES, use="old"))
        )

        assert {
            (CASES, "OLD"),
            (f"filler|{CASES}", "F"),
            ("server|https://ehr.example/fhir/ServiceRequest", "sr1"),
        } == {(alias.system, alias.value) for alias in found.aliases}

    def test_may_be_a_tasks_or_the_messages(self) -> None:
        """An order without number and server goes by what carried it."""
        document = changed("00", {"Coverage/c1": {}}, identifier=None)
        request = document["entry"][0]
        request["fullUrl"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
        for element, named in (("subject", "Patient/p1"), ("requester", "Practitioner/d1")):
            request["resource"][element] = {"reference": f"{HERE}/{named}"}
        task: Document = {"resourceType": "Task", "status": "requested", "intent": "order"}
        about: Document = {
            "identifier": [untyped("T-1", "urn:example:tasks")],
            "focus": {"reference": request["fullUrl"]},
        }
        document["entry"].append({"resource": {**task, **about}})

        assert ("task|urn:example:tasks", "T-1") == (order(document).number.system, order(document).number.value)
        assert ["order_number"] == warned(document)

    def test_is_needed(self) -> None:
        """What has no number, and comes from no server, would be another order each time."""
        lone = {"resourceType": "ServiceRequest", **plain("00")["ServiceRequest/sr1"], "identifier": []}
        assert "missing" in [flaw.code for flaw in read(lone).flaws]


class TestRecordNumber:
    @pytest.mark.parametrize(
        ("identifiers", "expected"),
        [
            ([untyped("123-45-6789", "urn:x:ssn"), typed("MR", "M", MRN)], "M"),
            ([typed("PI", "I", MRN), typed("MR", "M", MRN)], "M"),
            ([{"type": concept(OLD_TYPES, "MR"), **untyped("M")}, typed("PI", "I", MRN)], "M"),
            ([{"type": {"text": "Medical Record Number"}, **untyped("M")}, untyped("X")], "M"),
            ([typed("PI", "I", MRN), typed("SS", "123-45-6789", "urn:x")], "I"),
            ([typed("MR", "OLD", MRN, use="old"), typed("MR", "NEW", MRN)], "NEW"),
            ([typed("MR", "OLD", MRN, period={"end": "2020"}), typed("MR", "NEW", MRN)], "NEW"),
            ([typed("MR", "B", MRN), typed("MR", "A", MRN)], "A"),
            ([typed("MR", "OLD", MRN, use="old"), untyped("X")], "OLD"),
            ([typed("MR", "OLD", MRN, use="old"), typed("PI", "I", MRN)], "I"),
            ([typed("MR", "B", MRN, use="official"), typed("MR", "A", MRN, use="secondary")], "B"),
        ],
    )
    def test_is_what_says_so(self, identifiers: list[Document], expected: str) -> None:
        """By type in either of its spellings or in words, in use before old, whichever stands first."""
        for listed in (identifiers, identifiers[::-1]):
            assert expected == order(recorded(*listed)).mrn.value

    @pytest.mark.parametrize(
        "identifier",
        [
            typed("SS", "123-45-6789", "http://hl7.org/fhir/sid/us-ssn"),
            typed("MR", "123-45-6789", "http://hl7.org/fhir/sid/us-ssn"),
            untyped("123456789", "urn:oid:2.16.840.1.113883.4.1"),
            untyped("123-45-6789", "urn:example:people"),
            untyped("1EG4-TE5-MK73", "http://hl7.org/fhir/sid/us-mbi"),
            untyped("1EG4TE5MK73", "urn:example:people"),
            typed("DL", "S99944609", "urn:oid:2.16.840.1.113883.4.3.25"),
            untyped("S99944609", "urn:oid:2.16.840.1.113883.4.3.25"),
            untyped("X32371817X", "http://hl7.org/fhir/sid/passport-USA"),
            {"type": {"text": "Driver's License"}, **untyped("S99944609")},
            typed("AN", "ACCOUNT-1", MRN),
            typed("MR", "NO-SYSTEM"),
        ],
    )
    def test_is_never_another_number(self, identifier: Document) -> None:
        """Not of the state, not of a payer, not of a visit; the refusal says what is needed."""
        [flaw] = read(recorded(identifier)).flaws

        assert ("/Bundle/entry/1/resource/identifier", "missing") == (flaw.pointer, flaw.code)
        assert "medical record number" in flaw.detail

    def test_may_be_one_that_does_not_say(self) -> None:
        """One number is taken and warned of; of several nobody guesses."""
        assert ("N", ["record_number"]) == (order(recorded(untyped("N"))).mrn.value, warned(recorded(untyped("N"))))
        assert ["record_number"] == [flaw.code for flaw in read(recorded(untyped("N"), untyped("O"))).flaws]

    def test_that_is_old_is_taken_where_there_is_no_other(self) -> None:
        """It is this patient's all the same."""
        assert ["record_number"] == warned(recorded(typed("MR", "OLD", MRN, use="old")))


class TestCoverage:
    @pytest.mark.parametrize(
        ("elements", "code"),
        [
            ({"beneficiary": {"reference": "Patient/p2"}}, "not_of_the_patient"),
            ({"beneficiary": {"display": "Marigold Quillon"}}, "not_of_the_patient"),
            ({"status": "cancelled"}, "coverage_not_active"),
            ({"status": "draft"}, "coverage_not_active"),
            ({"period": {"end": "2025"}}, "coverage_ended"),
            ({"payor": [{"reference": "Organization/nobody"}]}, "payer"),
        ],
    )
    def test_that_does_not_count_is_asked_for(self, elements: Document, code: str) -> None:
        """Another's, one that is not in force, and one that names no payer, are left out and said to be."""
        assert [code] == warned(insured(**elements))
        assert "coverage" not in order(insured(**elements)).provided

    def test_that_is_still_to_come_is_used(self) -> None:
        """The visit may fall into it."""
        assert ["coverage_not_begun"] == warned(insured(period={"start": "2027"}))
        assert order(insured(period={"start": "2027"})).policies

    @pytest.mark.parametrize(
        ("elements", "expected"),
        [
            ({"identifier": [typed("XX", "GROUP"), typed("MB", "MB-1")], "subscriberId": None}, "MB-1"),
            ({"identifier": [typed("MB", "MB-1", use="old")]}, "INV00000001"),
            ({"identifier": [{"type": concept(OLD_TYPES, "MB"), "value": "MB-1"}]}, "MB-1"),
            ({"identifier": [{"value": "CARD"}], "subscriberId": None}, "CARD"),
            ({"identifier": [typed("XX", "GROUP")], "subscriberId": None}, None),
        ],
    )
    def test_has_the_members_number(self, elements: Document, expected: str | None) -> None:
        """The one of type MB, else the subscriber's; never a group's."""
        assert expected == order(insured(**elements)).policies[0].member_id

    def test_keeps_what_the_payer_needs_to_know_who_it_is(self) -> None:
        """The subscriber's number does not say who of the family it is."""
        kind = "http://terminology.hl7.org/CodeSystem/coverage-class"
        [policy] = order(
            insured(
                identifier=[typed("MB", "MB-1")],
                dependent="02",
                relationship=concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "child"),
                subscriber={"display": "Agatha Quillon"},
                **{
                    "class": [
                        {"type": concept(kind, "group"), "value": "G-7"},
                        {"type": concept(kind, "plan"), "value": "P"},
                    ]
                },
            )
        ).policies

        assert ("MB-1", "INV00000001", "02", "child") == (
            *(policy.member_id, policy.subscriber_id),
            *(policy.dependent, policy.relationship),
        )
        assert ("Agatha Quillon", "G-7", "P") == (policy.subscriber, policy.group, policy.plan)

    @pytest.mark.parametrize(
        ("orders", "expected", "codes"),
        [
            ((None, 1), ["B", "A"], []),
            ((2, 1), ["B", "A"], []),
            ((1, 1), ["A", "B"], ["coverage_order"]),
            ((None, None), ["A", "B"], ["coverage_order"]),
        ],
    )
    def test_pays_in_the_order_that_it_says(
        self, orders: tuple[int | None, ...], expected: list[str], codes: list[str]
    ) -> None:
        """Ranks are one after the other; a tie is said."""
        first, second = ({"payor": [{"display": name}], "order": n} for name, n in zip("AB", orders, strict=True))
        document = changed("00", {"Coverage/c1": first, "Coverage/c2": {**plain("00")["Coverage/c1"], **second}})

        assert [*enumerate(expected, 1)] == [(p.rank, p.payer_name) for p in order(document).policies]
        assert codes == warned(document)

    @pytest.mark.parametrize(
        ("payor", "expected"),
        [
            ({"reference": "#ins"}, "Inside Plan"),
            ({"identifier": {"system": "urn:oid:2.16.840.1.113883.6.300", "value": "12345"}}, "12345"),
            ({"reference": "Organization/o1"}, "Outside Plan"),
        ],
    )
    def test_names_its_payer(self, payor: Document, expected: str) -> None:
        """Inside itself, beside it, or by number alone."""
        inside = {"resourceType": "Organization", "id": "ins", "name": "Inside Plan"}
        document = changed(
            "00",
            {"Coverage/c1": {"payor": [payor], "contained": [inside]}, "Organization/o1": {"name": "Outside Plan"}},
        )

        assert expected == order(document).policies[0].payer_name

    def test_is_the_patients_own_purse_where_they_are_the_payor(self) -> None:
        """Of a relative who pays nobody has said that the patient does."""
        assert order(insured(payor=[{"reference": "Patient/p1"}])).is_self_pay
        other = changed("00", {"Coverage/c1": {"payor": [{"reference": "Patient/p2"}]}, "Patient/p2": {}})
        assert not order(other).is_self_pay
        assert ["payor", "payer"] == warned(other)

    def test_that_the_order_does_not_name_is_left_out(self) -> None:
        """It says which."""
        named = changed("00", {"Coverage/c2": plain("00")["Coverage/c1"]}, insurance=[{"reference": "Coverage/c2"}])
        missing = changed("00", {}, insurance=[{"reference": "Coverage/nowhere"}])

        assert ["coverage_not_named"] == warned(named)
        assert ["coverage_missing", "coverage_not_named"] == warned(missing)


class TestReasons:
    @pytest.mark.parametrize(
        ("elements", "codes", "is_taken"),
        [
            ({"subject": {"reference": "Patient/p2"}}, ["not_of_the_patient"], False),
            ({"verificationStatus": concept("urn:v", "refuted")}, ["not_so"], False),
            ({"verificationStatus": concept("urn:v", "entered-in-error")}, ["not_so"], False),
            ({"verificationStatus": concept("urn:v", "provisional")}, ["not_confirmed"], True),
            ({"clinicalStatus": concept("urn:c", "resolved")}, ["is_over"], True),
            ({"abatementDateTime": "2020"}, ["is_over"], True),
            ({"verificationStatus": concept("urn:v", "confirmed")}, [], True),
        ],
    )
    def test_are_conditions_of_this_patient_that_are_so(
        self, elements: Document, codes: list[str], *, is_taken: bool
    ) -> None:
        """What is over is a reason still, since the order says so; it is said to be over."""
        condition = {"subject": {"reference": "Patient/p1"}, "code": concept(ICD, "I48.91"), **elements}
        document = changed(
            "00", {"Condition/k1": condition}, reasonCode=None, reasonReference=[{"reference": "Condition/k1"}]
        )

        assert codes == warned(document)
        assert is_taken == ("diagnosis" in order(document).provided)

    def test_are_each_kept_once_and_texts_as_well(self) -> None:
        """Several reasons are several; words without a code are for readers."""
        reasons = [{"text": "Palpitations"}, concept(ICD, "I48.91"), concept(ICD, "I48.91"), {"text": "Tired"}]
        found = order(changed("00", {}, reasonCode=reasons))

        assert (["I48.91"], "Palpitations\nTired") == ([d.code for d in found.diagnoses], found.reason_text)

    def test_that_are_no_conditions_are_said_to_stay_behind(self) -> None:
        """An observation is no diagnosis."""
        assert ["reason"] == warned(changed("00", {}, reasonReference=[{"reference": "Observation/o1"}]))
