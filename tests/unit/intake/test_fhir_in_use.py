"""What is in use now: names, telephones, e-mail, addresses and their clocks, languages, and what the order wishes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.intake.doors import Document, changed, concept, plain
from tests.unit.intake.test_doors import NOW
from tests.unit.intake.test_fhir_whose import order, read, warned

PHONE = {"system": "phone", "value": "617-555-0142"}
ENDED, TO_COME = {"end": "2026-11-29"}, {"start": "2026-12-24"}

CHILD: Document = {"birthDate": "2019-05-05", "telecom": None}
PARENT: Document = {
    "relationship": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH")],
    "telecom": [PHONE],
}
LETTER: Document = {"status": "current", "content": [{"attachment": {"url": "https://ehr.example/letters/1"}}]}


def patient(**elements: Any) -> Document:
    """The plain order of a patient who is otherwise."""
    return changed("00", {"Patient/p1": elements})


def named(*names: Document) -> tuple[str, str]:
    """What the patient is called."""
    contact = order(patient(name=list(names))).contact
    return contact.given, contact.family


class TestNames:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            ([{"use": "old", "family": "A"}, {"family": "B"}], "B"),
            ([{"use": "maiden", "family": "A"}, {"use": "usual", "family": "B"}], "B"),
            ([{"use": "anonymous", "family": "A"}, {"use": "nickname", "family": "B"}], "B"),
            ([{"use": "official", "family": "A", "period": ENDED}, {"use": "usual", "family": "B"}], "B"),
            ([{"use": "official", "family": "A", "period": TO_COME}, {"use": "usual", "family": "B"}], "B"),
            ([{"use": "usual", "family": "A"}, {"use": "official", "family": "B"}], "B"),
            ([{"use": "official", "family": "B", "period": {"end": "2026"}}, {"use": "usual", "family": "A"}], "B"),
            ([{"use": "official"}, {"family": "B"}], "B"),
            ([{"use": "old", "family": "A"}], ""),
        ],
    )
    def test_are_the_official_or_usual_one_in_force(self, names: list[Document], expected: str) -> None:
        """Never a former or an anonymous one, whichever stands first; a year as an end lasts until it is over."""
        assert ("", expected) == named(*names) == named(*names[::-1])

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ({"given": ["Ada", "Bea"], "family": "Cole"}, ("Ada Bea", "Cole")),
            ({"given": ["Sukarnata"]}, ("", "Sukarnata")),
            ({"text": "Sukarnata"}, ("", "Sukarnata")),
            ({"text": "Ada Cole", "family": "Cole", "given": ["Ada"]}, ("Ada", "Cole")),
            ({"family": "  Cole\t"}, ("", "Cole")),
        ],
    )
    def test_may_be_one_alone(self, name: Document, expected: tuple[str, str]) -> None:
        """Who has one name has it as family name; text stands in where there is nothing else."""
        assert expected == named(name)

    @pytest.mark.parametrize("name", [{"given": ["Ada\r\nYour copay"]}, {"family": "A\u2028B"}, {"text": "A\u202eB"}])
    def test_must_be_one_line(self, name: Document) -> None:
        """With line breaks a stranger writes into the hospital's letters."""
        [flaw] = read(patient(name=[name])).flaws

        assert "control_characters" == flaw.code
        assert flaw.pointer.startswith("/Bundle/entry/1/resource/name/0/")

    def test_that_are_missing_are_no_names(self) -> None:
        """They are asked for."""
        assert ("", "") == named()
        assert ["name"] == warned(patient(name=[{"use": "old", "family": "A"}]))


class TestTelephones:
    @pytest.mark.parametrize(
        ("telecom", "expected"),
        [
            ([{"value": "617-555-0111", "period": ENDED}, PHONE], "+16175550142"),
            ([{"value": "617-555-0111", "use": "old"}, PHONE], "+16175550142"),
            ([{"value": "617-555-0111", "rank": 2}, {**PHONE, "rank": 1}], "+16175550142"),
            ([{"value": "617-555-0111", "use": "work"}, {**PHONE, "use": "home"}], "+16175550142"),
            ([{"value": "617-555-0111", "use": "home"}, {**PHONE, "use": "mobile"}], "+16175550142"),
            ([{"value": "617-555-0111", "use": "mobile"}, {**PHONE, "rank": 1}], "+16175550142"),
            ([{"system": "fax", "value": "617-555-0111"}, PHONE], "+16175550142"),
            ([{"system": "sms", "value": "617-555-0142"}], "+16175550142"),
            ([{"value": "tel:+1-617-555-0142"}], "+16175550142"),
            ([{"value": "+44 20 7946 0018"}], "+442079460018"),
        ],
    )
    def test_are_the_one_that_is_in_use(self, telecom: list[Document], expected: str) -> None:
        """By period, use and rank, whichever stands first."""
        listed = [{"system": "phone", **each} for each in telecom]

        for each in (listed, listed[::-1]):
            assert expected == order(patient(telecom=each)).contact.phone

    @pytest.mark.parametrize(
        "value",
        [
            *("555-0142", "000-000-0000", "999-999-9999", "555-555-5555", "911-555-0142", "411-555-0142"),
            *("123-456-7890", "017-555-0142", "999-555-0142", "617-000-0142", "61755501421", "call my son", "-"),
        ],
    )
    def test_that_nobody_could_call_are_asked_for(self, value: str) -> None:
        """At its place, and the number stays unused."""
        document = patient(telecom=[{"system": "phone", "value": value}])

        assert [("/Bundle/entry/1/resource/telecom/0", "phone")] == [
            (w.pointer, w.code) for w in read(document).warnings
        ]
        assert "contact" not in order(document).provided

    def test_that_nobody_has_today_are_taken(self) -> None:
        """Numbering plans change faster than programs."""
        document = patient(telecom=[{"system": "phone", "value": "555-314-1592"}])

        assert ("+15553141592", ["phone_unassigned"]) == (order(document).contact.phone, warned(document))

    def test_behind_a_switchboard_get_no_text(self) -> None:
        """The extension is kept for whoever calls."""
        contact = order(patient(telecom=[{**PHONE, "value": "617-555-0142 x12"}])).contact

        assert ("+16175550142", "12", False) == (contact.phone, contact.phone_extension, contact.may_text)

    @pytest.mark.parametrize(
        ("country", "value", "expected"),
        [
            ("CH", "079 123 45 67", "+41791234567"),
            ("Mexico", "55 1234 5678", "+525512345678"),
            ("DEU", "030 901820", "+4930901820"),
            ("Atlantis", "617-555-0142", None),
            ("Atlantis", "+1 617-555-0142", "+16175550142"),
        ],
    )
    def test_are_read_where_the_patient_lives(self, country: str, value: str, expected: str | None) -> None:
        """By the code or the name of the country; where that is not known only a whole number can be read."""
        document = patient(address=[{"country": country}], telecom=[{"system": "phone", "value": value}])

        assert expected == order(document).contact.phone

    @pytest.mark.parametrize(
        "value", ["89898989", "mailto:a@b.example", "a@b.example\r\n", "a@b", "a@b.example, c@d.example"]
    )
    def test_e_mail_that_is_none_is_asked_for(self, value: str) -> None:
        """It would be found out only after booking."""
        document = patient(telecom=[{"system": "email", "value": value}])

        assert ["email"] == warned(document)
        assert "contact" not in order(document).provided


class TestChildren:
    def test_are_reached_by_a_parent(self) -> None:
        """In Patient.contact, or as a RelatedPerson of this child."""
        inside = order(patient(**CHILD, contact=[PARENT])).contact
        beside = changed(
            "00",
            {"Patient/p1": CHILD, "RelatedPerson/r1": {**PARENT, "patient": {"reference": "Patient/p1"}}},
        )

        assert ("+16175550142", "parent") == (inside.phone, inside.phone_of)
        assert inside == order(beside).contact

    @pytest.mark.parametrize(
        "elements",
        [
            {"contact": [{**PARENT, "period": ENDED}]},
            {"contact": [{**PARENT, "relationship": [concept("http://terminology.hl7.org/CodeSystem/v2-0131", "E")]}]},
            {"contact": [{**PARENT, "relationship": None}]},
            {"contact": [PARENT], "birthDate": "1971-03-09"},
        ],
    )
    def test_are_reached_by_nobody_else(self, elements: Document) -> None:
        """Nor are adults reached by their relatives."""
        contact = [{k: v for k, v in each.items() if v is not None} for each in elements["contact"]]

        assert order(patient(**{**CHILD, **elements, "contact": contact})).contact.phone is None

    def test_with_a_number_of_their_own_are_reached_by_that(self) -> None:
        """Whoever is named beside them is said not to be used."""
        document = patient(birthDate="2010-05-05", contact=[PARENT], telecom=[{**PHONE, "value": "617-555-0177"}])

        assert ("+16175550177", None) == (order(document).contact.phone, order(document).contact.phone_of)
        assert ["relative"] == warned(document)

    def test_are_not_reached_by_the_parent_of_another(self) -> None:
        """A RelatedPerson says whose."""
        other = {**PARENT, "patient": {"reference": "Patient/p2"}}
        found = order(changed("00", {"Patient/p1": CHILD, "Patient/p2": {}, "RelatedPerson/r1": other}))

        assert found.contact.phone is None


class TestAddresses:
    @pytest.mark.parametrize(
        ("addresses", "expected"),
        [
            ([{"postalCode": "94110", "period": ENDED}, {"use": "home", "postalCode": "02108"}], "02108"),
            ([{"use": "billing", "postalCode": "94110"}, {"use": "home", "postalCode": "02108"}], "02108"),
            ([{"use": "work", "postalCode": "94110"}, {"postalCode": "02108"}], "02108"),
            (
                [
                    {"use": "home", "postalCode": "94110"},
                    {"use": "temp", "postalCode": "02108", "period": {"end": "2026"}},
                ],
                "02108",
            ),
            (
                [{"use": "temp", "postalCode": "94110", "period": ENDED}, {"use": "home", "postalCode": "02108"}],
                "02108",
            ),
            ([{"use": "temp", "postalCode": "94110"}, {"use": "home", "postalCode": "02108"}], "02108"),
            ([{"type": "postal", "postalCode": "94110"}, {"type": "physical", "postalCode": "02108"}], "02108"),
        ],
    )
    def test_are_the_home_in_force(self, addresses: list[Document], expected: str) -> None:
        """Never where bills go; one for a time while it lasts; whichever stands first."""
        for listed in (addresses, addresses[::-1]):
            found = order(patient(address=listed))

            assert (expected, "America/New_York", ()) == (
                found.logistics.postal_code,
                found.contact.timezone,
                found.contact.timezones,
            )

    @pytest.mark.parametrize(
        ("address", "zones"),
        [
            ({"state": "MA"}, {"America/New_York"}),
            ({"state": "Massachusetts"}, {"America/New_York"}),
            ({"state": "OR"}, {"America/Boise", "America/Los_Angeles"}),
            ({"state": "TX", "postalCode": "00000"}, {"America/Chicago", "America/Denver"}),
            ({"country": "DE", "postalCode": "10115"}, {"Europe/Berlin"}),
            ({"country": "PR", "postalCode": "00901"}, {"America/Puerto_Rico"}),
            ({"postalCode": "96910", "state": "GU"}, {"Pacific/Guam"}),
        ],
    )
    def test_say_whose_clock_it_is(self, address: Document, zones: set[str]) -> None:
        """By ZIP code, by state, by country; what leaves it open is warned of."""
        contact = order(patient(address=[address])).contact

        assert {_offsets(zone) for zone in zones} == {
            _offsets(zone) for zone in contact.timezones or (contact.timezone,)
        }
        assert (len(zones) > 1) == ("zone" in warned(patient(address=[address])))

    @pytest.mark.parametrize("address", [[], [{"postalCode": "00000"}], [{"use": "old", "postalCode": "02108"}]])
    def test_that_say_nothing_leave_it_open_between_the_coasts(self, address: list[Document]) -> None:
        """Nobody is woken in Hawaii because the hospital is in Boston."""
        contact = order(patient(address=address)).contact

        assert {"Pacific/Honolulu", "America/Los_Angeles"} <= {*contact.timezones}
        assert ["zone"] == warned(patient(address=address))

    @pytest.mark.parametrize(
        "address", [{"country": "Atlantis"}, {"state": "Bavaria", "postalCode": "80331"}, {"state": "AE"}]
    )
    def test_that_may_be_anywhere_allow_no_text(self, address: Document) -> None:
        """No hour is known to be lawful: e-mail, or a person."""
        contact = order(patient(address=[address])).contact

        assert ((), False) == (contact.timezones, contact.may_text)
        assert "zone" in warned(patient(address=[address]))


class TestLanguages:
    @pytest.mark.parametrize(
        ("concepts", "expected"),
        [
            ([concept("urn:ietf:bcp:47", "es-MX")], "es-MX"),
            ([{"coding": [{"system": "urn:x", "code": "132"}, {"system": "urn:ietf:bcp:47", "code": "es"}]}], "es"),
            ([concept("urn:iso:std:iso:639:-2", "spa")], "es"),
            ([concept("http://hl7.org/fhir/v3/HumanLanguage", "vie")], "vi"),
            ([{"coding": [{"system": "urn:x", "code": "132", "display": "Spanish"}]}], "es"),
            ([concept("urn:x", "spa")], "es"),
            ([{"text": "Spanish"}], "es"),
            ([{"text": "Haitian Creole"}], "ht"),
            ([{"text": "Spanish; Castilian"}], "es"),
            ([{"text": "Klingonese"}, {"text": "Vietnamese"}], "vi"),
        ],
    )
    def test_are_read_however_they_are_written(self, concepts: list[Document], expected: str) -> None:
        """BCP 47 before local codes, ISO 639-2, and names in English."""
        assert expected == order(patient(communication=[{"language": each} for each in concepts])).contact.language

    def test_that_are_preferred_come_first(self) -> None:
        """Of several that are spoken."""
        spoken = [{"language": {"text": "French"}}, {"language": {"text": "Spanish"}, "preferred": True}]

        assert "es" == order(patient(communication=spoken)).contact.language

    def test_that_are_not_known_are_warned_of(self) -> None:
        """English stands in."""
        document = patient(communication=[{"language": concept("urn:x", "132")}])

        assert ("en-US", ["language"]) == (order(document).contact.language, warned(document))


class TestBirthDates:
    @pytest.mark.parametrize("said", ["1971", "1971-03", "2026-12-02", "1871-03-09"])
    def test_that_nobody_alive_can_have_are_asked_for(self, said: str) -> None:
        """Years alone name nobody, and nobody is born tomorrow."""
        assert (None, ["birth_date"]) == (
            order(patient(birthDate=said)).contact.birth_date,
            warned(patient(birthDate=said)),
        )


class TestWhen:
    @pytest.mark.parametrize(
        ("request_", "expected"),
        [
            ({"occurrencePeriod": {"start": "2027-03-01", "end": "2027-03-08"}}, ("2027-03-01", "2027-03-09")),
            ({"occurrencePeriod": {"start": "2027-03"}}, ("2027-03-01", None)),
            ({"occurrencePeriod": {"end": "2027-03"}}, (None, "2027-04-01")),
            ({"occurrenceDateTime": "2027"}, (None, "2028-01-01")),
            ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2027-03-01"}}}}, ("2027-03-01", None)),
            ({"occurrenceTiming": {"event": ["2027-03-08"]}}, (None, "2027-03-09")),
        ],
    )
    def test_is_not_before_the_beginning_nor_after_the_end(
        self, request_: Document, expected: tuple[str | None, str | None]
    ) -> None:
        """A day, month or year will do until it is over where the referring side is."""
        found = order(changed("00", {}, **request_))
        begins, ends = (
            datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=ZoneInfo("America/New_York")) if day else None
            for day in expected
        )

        assert (begins, ends) == (found.not_before, found.needed_until)

    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            ({"occurrencePeriod": {"start": "2027-03-08", "end": "2027-03-01"}}, "period"),
            ({"occurrencePeriod": {"start": "9999-12-31"}}, "century"),
            ({"occurrenceDateTime": "2026-10-01"}, "needed_by"),
            ({"occurrenceTiming": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk"}}}, "timing"),
        ],
    )
    def test_that_makes_no_sense_is_said(self, request_: Document, code: str) -> None:
        """A period that ends before it begins is refused, the rest is warned of."""
        found = read(changed("00", {}, **request_))

        assert code in [flaw.code for flaw in (*found.warnings, *found.flaws)]
        assert (code == "period") == (found.instruction is None)


class TestDocuments:
    @pytest.mark.parametrize(
        ("elements", "urls", "codes"),
        [
            ({}, ("https://ehr.example/letters/1",), []),
            ({"content": [{"attachment": {"url": "Binary/b1"}}]}, ("https://ehr.example/fhir/Binary/b1",), []),
            ({"content": [{"attachment": {"data": "JVBERi0="}}]}, (), ["inline_document"]),
            ({"content": [{"attachment": {"url": "urn:uuid:1"}}]}, (), ["inline_document"]),
            ({"content": [{"attachment": {"title": "Letter"}}]}, (), ["no_document"]),
            ({"status": "superseded"}, (), ["document_not_current"]),
            ({"docStatus": "entered-in-error"}, (), ["document_not_current"]),
            ({"subject": {"reference": "Patient/p2"}}, (), ["not_of_the_patient"]),
        ],
    )
    def test_are_addresses_of_this_patients(self, elements: Document, urls: tuple[str, ...], codes: list[str]) -> None:
        """What lies inside, has gone, or is another's is left out and said to be."""
        document = changed(
            "00",
            {"DocumentReference/l1": {**LETTER, **elements}},
            supportingInfo=[{"reference": "DocumentReference/l1"}],
        )

        assert (urls, codes) == (order(document).attachments, warned(document))

    def test_that_the_order_does_not_name_are_said_to_be_left_out(self) -> None:
        """It came along for nothing."""
        assert ["document_not_named"] == warned(changed("00", {"DocumentReference/l1": LETTER}))

    @pytest.mark.parametrize(
        ("reference", "codes"),
        [
            ({"display": "Echo report of March"}, ["no_document"]),
            ({"reference": "DocumentReference/elsewhere"}, ["no_document"]),
            ({"reference": "urn:uuid:00000000-0000-4000-8000-00000000000a"}, ["no_document"]),
            ({"type": "DocumentReference", "identifier": {"value": "7"}}, ["no_document"]),
            ({"reference": "Observation/elsewhere"}, []),
            ({"reference": "https://ehr.example/Observation/7/_history/2"}, []),
            ({"type": "Observation", "display": "pulse"}, []),
        ],
    )
    def test_that_did_not_come_along_are_said_to_be_missing(self, reference: Document, codes: list[str]) -> None:
        """What may be a document is never lost without a word; observations stay with the referring side."""
        assert codes == warned(changed("00", {}, supportingInfo=[reference]))


class TestNotes:
    @pytest.mark.parametrize("author", [{"authorString": "Dr Otto Orderly"}, {"authorReference": {"display": "Otto"}}])
    def test_are_kept_without_their_author_and_it_is_said(self, author: Document) -> None:
        """Whoever is named and not used is warned of."""
        document = changed("00", {}, note=[{"text": "Since spring.", **author}])

        assert (("Since spring.",), ["not_used"]) == (order(document).notes, warned(document))

    def test_without_an_author_need_no_word(self) -> None:
        """Nobody is named."""
        assert [] == warned(changed("00", {}, note=[{"text": "Since spring.", "time": "2026-11-01"}]))


@pytest.mark.parametrize("repeat", [{"duration": 2, "durationUnit": "h"}, {"offset": 30, "when": ["ACM"]}])
def test_how_long_and_how_often_is_said_not_to_be_read(repeat: Document) -> None:
    """Of a Timing the bounds are read, and the rest is for a person."""
    timing = {"repeat": {"boundsPeriod": {"start": "2026-12-01"}, **repeat}}

    assert ["timing"] == warned(
        changed("00", {}, occurrenceTiming=timing, occurrencePeriod=None, occurrenceDateTime=None)
    )


def test_a_quantity_keeps_its_comparator() -> None:
    """At most three is not three."""
    document = changed("00", {}, quantityQuantity={"value": 3, "unit": "visits", "comparator": "<="})

    assert ("quantity <=3 visits",) == order(document).details


def test_what_the_order_wishes_is_kept_for_readers() -> None:
    """Whom, where, how much: nothing of it is booked, and the sender knows."""
    document = changed(
        "00",
        {},
        performer=[{"display": "Dr Wanda Wanted"}],
        locationCode=[{"text": "near the school"}],
        quantityQuantity={"value": 3, "unit": "visits"},
        asNeededBoolean=True,
        orderDetail=[{"text": "with stress echo"}],
    )
    found = order(document)

    assert (("Dr Wanda Wanted",), ("near the school",)) == (
        found.logistics.wanted_performers,
        found.logistics.wanted_locations,
    )
    assert ("with stress echo", "quantity 3 visits", "as needed") == found.details
    assert {"wanted_performer", "kept_for_readers"} == set(warned(document))


def test_the_plain_order_needs_no_word() -> None:
    """Warnings that are always there are read by nobody."""
    assert [] == warned(changed("00", {}))
    assert plain("00")


def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    return tuple(
        datetime(NOW.year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() for month in range(1, 13)
    )
