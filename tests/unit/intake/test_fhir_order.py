from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from services.intake.api.own import OwnOrder
from services.intake.domain.content import content
from services.intake.domain.identifiers import NPI_SYSTEM as NPI
from services.intake.domain.order import Order, Requester
from shared.contracts.sealed import Coding
from tests.unit.intake.bundles import HOME, NOW, asked, changed, everything, taken, warned
from tests.unit.intake.invented import (
    CONDITION,
    COVERAGE,
    ICD,
    NUCC,
    PATIENT,
    REQUESTER,
    as_bytes,
    bundle,
    own,
    resources,
)


class TestOrder:
    def test_is_the_same_as_in_our_own_json(self) -> None:
        """The same order by either door is one order."""
        by_own: OwnOrder = TypeAdapter(OwnOrder).validate_json(as_bytes(own()))

        assert content(by_own.order(HOME)) == content(taken(bundle()))

    @pytest.mark.parametrize("type_", ["collection", "transaction", "batch", "searchset"])
    def test_comes_in_any_bundle_that_can_carry_one(self, type_: str) -> None:
        """What the Bundle is for does not change the order."""
        assert "ORD-4001" == taken(bundle(type_=type_)).number.value

    def test_is_routine_when_it_does_not_say(self) -> None:
        """FHIR's own default."""
        assert "routine" == taken(bundle(priority=None)).priority

    def test_is_needed_by_the_end_of_its_period(self) -> None:
        """The occurrence says by when the patient must be seen; a day will do until it ends for the referring side."""
        by_period = taken(bundle(occurrencePeriod={"start": "2026-03-02", "end": "2026-03-08"}))
        by_day = taken(bundle(occurrenceDateTime="2026-03-08"))
        by_hour = taken(bundle(occurrenceDateTime="2026-03-08T09:30:00-04:00"))

        assert datetime(2026, 3, 9, 4, 0, tzinfo=UTC) == by_period.needed_until == by_day.needed_until
        assert datetime(2026, 3, 8, 13, 30, tzinfo=UTC) == by_hour.needed_until

    def test_counts_the_day_that_it_names_as_it_always_did(self) -> None:
        """An order that was taken in when a day was read otherwise, and is sent again, is the same order."""
        by_day, by_hour = [
            content(taken(bundle(occurrencePeriod={"end": end}))) for end in ("2026-04-20", "2026-04-20T00:00:00-04:00")
        ]

        assert by_hour == by_day

    def test_may_name_its_day_only(self) -> None:
        """A date without a time is enough, else the Bundle's own timestamp."""
        undated = {**bundle(authoredOn=None), "timestamp": "2026-04-08T12:00:00Z"}

        assert datetime(2026, 4, 6, 4, 0, tzinfo=UTC) == taken(bundle(authoredOn="2026-04-06")).authored_at
        assert datetime(2026, 4, 8, 12, 0, tzinfo=UTC) == taken(undated).authored_at

    def test_may_be_dated_a_little_ahead(self) -> None:
        """Clocks differ; by more than a day, it is said."""
        at = "/Bundle/entry/0/resource/authoredOn"

        assert [] == warned(bundle(authoredOn=(NOW + timedelta(hours=23)).isoformat()))
        assert [(at, "authored_ahead")] == warned(bundle(authoredOn=(NOW + timedelta(days=2)).isoformat()))

    def test_asks_for_the_service_when_no_specialty_is_named(self) -> None:
        """The specialty chooses the pathway; without it the service is what is asked for; without both, nothing is."""
        snomed = {"system": "http://snomed.info/sct", "code": "103697008", "display": "Referral to dental surgeon"}
        service = taken(bundle(performerType=None, code={"coding": [snomed]})).service

        assert Coding(system=snomed["system"], code=snomed["code"], text=snomed["display"]) == service
        assert taken(bundle(performerType=None, code=None)).service is None

    def test_asks_for_the_specialty_that_its_service_is_of(self) -> None:
        """SNOMED CT's referrals to a specialty lead to its pathway; the text stays as it was said."""
        service = taken(bundle(performerType=None)).service

        assert Coding(system=NUCC, code="207RC0000X", text="Referral to cardiology service") == service

    def test_asks_for_the_specialty_of_whom_it_wants(self) -> None:
        """Where the order names no specialty, that of its performer serves."""
        found = resources()
        found["urn:uuid:wanted"] = {
            "resourceType": "PractitionerRole",
            "specialty": [{"coding": [{"system": NUCC, "code": "207N00000X"}]}],
        }
        document = bundle(found, performerType=None, code=None, performer=[{"reference": "urn:uuid:wanted"}])

        assert "207N00000X" == (taken(document).service or Coding(system="", code="")).code

    def test_keeps_a_service_that_is_text_only(self) -> None:
        """Text is shown to whoever is asked."""
        service = taken(bundle(performerType=None, code={"text": "Heart failure clinic"})).service

        assert ("as-text", "Heart failure clinic") == (service and service.code, service and service.text)

    def test_finds_references_by_type_and_id(self) -> None:
        """Servers write Patient/1 where Bundles write URNs, and put what has no life of its own inside."""
        found = resources()
        found[PATIENT]["id"] = "1"
        inside = {**found.pop(REQUESTER), "id": "doc"}
        document = bundle(
            found, subject={"reference": "Patient/1"}, requester={"reference": "#doc"}, contained=[inside]
        )

        assert ("MRN-7001", "1234567893") == (taken(document).mrn.value, _npi(taken(document)))


class TestRequester:
    def test_may_be_in_a_role(self) -> None:
        """A PractitionerRole names who, and for which organization."""
        requester = taken(everything()).requester

        assert Requester(npi="1234567893", name="Otto Orderly", organization="Orderly & Sons") == requester

    @pytest.mark.parametrize(
        "reference",
        [
            {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1234567893"},
            {"reference": "Practitioner?identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi%7C1234567893"},
            {"reference": "Practitioner/elsewhere", "identifier": {"system": NPI, "value": "1234567893"}},
            {"identifier": {"system": NPI, "value": " 1234567893 "}, "display": "Dr. Orderly"},
        ],
    )
    def test_may_be_named_by_its_number(self, reference: dict[str, Any]) -> None:
        """A number that a reference itself names counts, whether or not the clinician is in the Bundle."""
        found = resources()
        del found[REQUESTER]

        assert "1234567893" == _npi(taken(bundle(found, requester=reference)))

    def test_may_be_named_by_its_number_in_its_role(self) -> None:
        """The role came along, the clinician did not."""
        found = resources()
        named = {"identifier": {"system": NPI, "value": "1234567893"}, "display": "Otto Orderly"}
        found[REQUESTER] = {"resourceType": "PractitionerRole", "practitioner": named}

        requester = taken(bundle(found)).requester

        assert ("1234567893", "Otto Orderly") == (requester and requester.npi, requester and requester.name)

    def test_is_warned_of_when_nobody_came_along(self) -> None:
        """Whoever is meant is not known here."""
        document = bundle(requester={"reference": "Practitioner/elsewhere"})

        assert ("/Bundle/entry/0/resource/requester", "requester") in warned(document)
        assert "requester" not in taken(document).provided

    def test_may_be_no_more_than_a_name(self) -> None:
        """A display is better than nothing; nothing is asked for later."""
        assert Requester(name="Dr. Orderly") == taken(bundle(requester={"display": "Dr. Orderly"})).requester
        assert taken(bundle(requester=None)).requester is None

    def test_is_taken_with_a_number_that_cannot_be(self) -> None:
        """On what others send, the check digit is a warning: their number is kept as it is."""
        identifier = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999973297"}]
        document = changed(REQUESTER, identifier=identifier)

        assert "9999973297" == _npi(taken(document))
        assert [("/Bundle/entry/2/resource/identifier/0/value", "npi")] == warned(document)


class TestPatient:
    def test_is_called_by_the_official_name_on_the_mobile_telephone(self) -> None:
        """Old names and numbers are not used."""
        contact = taken(bundle()).contact

        assert ("Zephyrine", "Quillfeather", "+16175550101") == (contact.given, contact.family, contact.phone)
        assert ("es", "America/Denver", date(1971, 2, 3)) == (contact.language, contact.timezone, contact.birth_date)

    def test_may_have_no_usable_home_telephone_or_birth_date(self) -> None:
        """What cannot be used is left out, and a telephone that cannot be called is warned of."""
        telecom = [{"system": "phone", "value": "call my son"}]
        document = changed(PATIENT, telecom=telecom, address=[{"postalCode": "00000"}], birthDate="1971")
        order = taken(document)

        assert (None, None, None) == (order.contact.phone, order.logistics.postal_code, order.contact.birth_date)
        assert "contact" not in order.provided
        assert ["zone", "phone", "birth_date"] == [warning.code for warning in asked(document).warnings]

    @pytest.mark.parametrize("url", [PATIENT, REQUESTER])
    def test_may_have_names_that_are_only_extended(self, url: str) -> None:
        """FHIR's JSON has null in a list where an element has nothing but extensions."""
        order = taken(changed(url, name=[{"family": "Quillfeather", "given": [None, "Zephyrine"]}]))

        named = order.contact.given if url == PATIENT else order.requester and order.requester.name
        assert named in ("Zephyrine", "Zephyrine Quillfeather")


class TestDiagnoses:
    def test_may_be_written_into_the_order(self) -> None:
        """A reason code is a diagnosis; ICD-10-CM is preferred to other systems."""
        reason = {
            "coding": [{"system": "http://snomed.info/sct", "code": "49436004"}, {"system": ICD, "code": "I48.0"}]
        }

        order = taken(bundle(reasonReference=None, reasonCode=[reason]))

        assert [(ICD, "I48.0")] == [(diagnosis.system, diagnosis.code) for diagnosis in order.diagnoses]

    def test_may_be_of_another_system(self) -> None:
        """EHRs give reasons in SNOMED CT."""
        code = {"coding": [{"system": "http://snomed.info/sct", "code": "49436004", "display": "Atrial fibrillation"}]}

        assert "diagnosis" in taken(changed(CONDITION, code=code)).provided

    def test_are_lacking_when_there_is_only_text(self) -> None:
        """Text is kept for readers, but no payer decides on it."""
        order = taken(bundle(reasonReference=None, reasonCode=[{"text": "Palpitations"}]))

        assert ("Palpitations", False) == (order.reason_text, "diagnosis" in order.provided)

    def test_are_taken_when_their_form_is_odd(self) -> None:
        """A code that cannot be of ICD-10-CM is warned of."""
        document = changed(CONDITION, code={"coding": [{"system": ICD, "code": "I4891"}]})

        assert ("I4891", ["icd_10_cm"]) == (
            taken(document).diagnoses[0].code,
            [warning.code for warning in asked(document).warnings],
        )


class TestCoverage:
    def test_names_its_payer_by_display_or_by_reference(self) -> None:
        """Real Coverages name the payer by no more than a display."""
        found = resources()
        found["urn:uuid:payer"] = {"resourceType": "Organization", "name": "Placeholder Care HMO"}
        found[COVERAGE]["payor"] = [{"reference": "urn:uuid:payer"}]

        assert "Testshield Mutual" == taken(bundle()).policies[0].payer_name
        assert "Placeholder Care HMO" == taken(bundle(found)).policies[0].payer_name

    def test_pays_in_its_order(self) -> None:
        """The order element says who pays first; what is cancelled pays nothing."""
        found = resources()
        found[COVERAGE]["order"] = 2
        found["urn:uuid:first"] = {**found[COVERAGE], "order": 1, "payor": [{"display": "Medicare"}]}
        found["urn:uuid:gone"] = {**found[COVERAGE], "status": "cancelled", "payor": [{"display": "Gone"}]}

        order = taken(bundle(found, insurance=None))

        assert ["Medicare", "Testshield Mutual"] == [policy.payer_name for policy in order.policies]

    def test_may_say_that_the_patient_pays(self) -> None:
        """FHIR declares self-pay by the type of the coverage."""
        system = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"
        order = taken(changed(COVERAGE, type={"coding": [{"system": system, "code": "pay"}]}))

        assert (True, ()) == (order.is_self_pay, order.policies)

    def test_is_lacking_without_a_payer(self) -> None:
        """A Coverage that names nobody is warned of, and coverage is asked for."""
        document = changed(COVERAGE, payor=[{"reference": "urn:uuid:nobody"}])

        assert "coverage" not in taken(document).provided
        assert ["payer"] == [warning.code for warning in asked(document).warnings]


class TestDocuments:
    def test_travel_by_reference(self) -> None:
        """Documents are named by their addresses, and other supporting information stays where it is."""
        assert ("https://ehr.example/letters/1",) == taken(everything()).attachments

    def test_without_an_attachment_are_none(self) -> None:
        """A document that is only announced is nowhere yet."""
        document = everything()
        letters = [entry["resource"] for entry in document["entry"] if "content" in entry["resource"]]
        letters[0]["content"] = [{"attachment": None}]

        assert () == taken(document).attachments


def _npi(order: Order) -> str | None:
    return order.requester.npi if order.requester else None
