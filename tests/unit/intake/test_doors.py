"""One order of each kind that was once misread, and what it must come to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from services.intake.api.fhir import bundle as parcels
from services.intake.api.fhir.order import Asked, orders_of
from services.intake.domain.instruction import Place
from services.intake.domain.order import Order
from shared.web import Malformed
from tests.unit.intake.bundles import HOME
from tests.unit.intake.door_cases import CASES, case, shared_case

NOW: Final = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
Told = Callable[[Order], Any]

REFUSED: Final = {
    "06-duplicate-key-subject": [("duplicate_name", "/Bundle/entry/0/resource")],
    "20-patient-is-deceased": [("patient-deceased", "/Bundle/entry/1/resource/deceasedDateTime")],
    "21-unknown-modifier-extension": [("unknown_modifier", "/Bundle/entry/0/resource/modifierExtension")],
    "22-intent-is-a-proposal": [("intent", "/Bundle/entry/0/resource/intent")],
    "23-not-a-referral-do-not-resuscitate": [("not_a_referral", "/Bundle/entry/0/resource/code")],
    "24-transaction-that-deletes-the-order": [("entry_method", "/Bundle/entry/0/request/method")],
    "27-order-ran-out-before-it-came": [("order_expired", "/Bundle/entry/0/resource/authoredOn")],
    "73-dates-as-numbers": [("date", "/Bundle/entry/0/resource/authoredOn")],
    "94-note-of-200-kB": [("too_large", "/Bundle/entry/0/resource/note/0/text")],
}
"""By code and place."""


def _payer(order: Order) -> str | None:
    return next((policy.payer_name for policy in order.policies), None)


def _npi(order: Order) -> str | None:
    return order.requester.npi if order.requester else None


TAKEN: Final[dict[str, tuple[Told, Any]]] = {
    "01-two-servers-same-patient-id": (lambda o: (o.mrn.value, o.contact.family), ("MRN-01", "Quillon")),
    "02-contained-ids-collide-payer": (
        lambda o: (_payer(o), o.requester and o.requester.organization),
        ("Real Health Plan", "Referring Clinic"),
    ),
    "03-coverage-of-another-person": (lambda o: (o.policies, "coverage" in o.provided), ((), False)),
    "05-condition-of-another-person": (lambda o: (o.diagnoses, "diagnosis" in o.provided), ((), False)),
    "07-national-number-of-another-country": (lambda o: o.contact.phone, "+525512345678"),
    "08-telephone-that-ended": (lambda o: o.contact.phone, "+16175550122"),
    "09-name-that-ended": (lambda o: o.contact.family, "Quillon"),
    "12-mrn-that-is-old": (lambda o: o.mrn.value, "NEW-12"),
    "13-social-security-number-taken-as-mrn": (lambda o: o.mrn.value, "E13"),
    "28-condition-is-refuted": (lambda o: (o.diagnoses, "diagnosis" in o.provided), ((), False)),
    "40-not-before-a-date": (lambda o: o.not_before, datetime(2027, 3, 1, 5, 0, tzinfo=UTC)),
    "42-wanted-specialist-and-instructions": (
        lambda o: (o.service and o.service.code, o.logistics.wanted_performers, o.logistics.wanted_locations),
        ("207RC0000X", ("Dr Wanda Wanted, Wanted Heart Center",), ("Main campus",)),
    ),
    "43-letter-inside-the-bundle": (lambda o: o.attachments, ()),
    "44-service-as-text-only": (lambda o: o.service and o.service.text, "Referral to cardiology"),
    "46-requester-by-npi-alone": (_npi, "1234567893"),
    "48-requester-by-version": (_npi, "1234567893"),
    "49-member-number-is-the-second-identifier": (lambda o: o.policies[0].member_id, "MB-77"),
    "50-dependent-of-a-subscriber": (
        lambda o: (o.policies[0].dependent, o.policies[0].relationship, o.policies[0].subscriber),
        ("02", "child", "Agatha Quillon"),
    ),
    "51-primary-coverage-is-listed-second": (
        lambda o: [policy.payer_name for policy in o.policies],
        ["First Payer", "Second Payer"],
    ),
    "52-language-local-code-first": (lambda o: o.contact.language, "es"),
    "53-patient-without-a-name": (lambda o: (o.contact.given, o.contact.family), ("", "")),
    "55-child-with-a-parents-number": (
        lambda o: (o.contact.phone, o.contact.phone_of),
        ("+16175550177", "next of kin"),
    ),
    "60-subject-by-version": (lambda o: o.mrn.value, "MRN-60"),
    "61-resources-without-id": (lambda o: (o.mrn.value, _npi(o)), ("MRN-61", "1234567893")),
    "63-an-older-order-beside": (lambda o: o.number.value, "CASE-63"),
    "64-payer-inside-its-coverage": (_payer, "Contained Health Plan"),
    "65-patient-pays-as-payor": (lambda o: (o.policies, o.is_self_pay), ((), True)),
    "70-seven-digits": (lambda o: (o.contact.phone, "contact" in o.provided), (None, False)),
    "71-email-that-is-none": (lambda o: (o.contact.email, "contact" in o.provided), (None, False)),
    "80-address-that-ended": (
        lambda o: (o.logistics.postal_code, o.contact.timezone),
        ("02108", "America/New_York"),
    ),
    "81-postal-code-of-another-country": (
        lambda o: (o.logistics.postal_code, ZoneInfo(o.contact.timezone).utcoffset(NOW)),
        (None, timedelta(hours=1)),
    ),
}
"""What the order says, and what it must say."""

WARNED: Final[dict[str, list[str]]] = {
    "03-coverage-of-another-person": ["not_of_the_patient"],
    "05-condition-of-another-person": ["not_of_the_patient"],
    "07-national-number-of-another-country": ["zone", "phone_country"],
    "28-condition-is-refuted": ["not_so"],
    "42-wanted-specialist-and-instructions": [*["kept_for_readers"] * 3, "wanted_performer", "wanted_location"],
    "43-letter-inside-the-bundle": ["inline_document"],
    "63-an-older-order-beside": ["left_out"],
    "70-seven-digits": ["phone"],
    "71-email-that-is-none": ["email"],
    "81-postal-code-of-another-country": ["phone_country"],
}
"""What is said beside an order that is taken, by code; all others are taken without a word."""


def _raw(name: str, source: str) -> bytes:
    return case(name) if source == "ours" else shared_case(name)


def _asked(raw: bytes) -> Asked:
    [asked] = orders_of(parcels.opened(raw), NOW, HOME)
    return asked


@pytest.mark.parametrize("source", ["ours", "shared"])
class TestKinds:
    @pytest.mark.parametrize("name", REFUSED)
    def test_are_refused(self, name: str, source: str) -> None:
        """Under a code of its own, at its place."""
        with pytest.raises(Malformed) as refused:
            raise parcels.refusal(*_asked(_raw(name, source)).flaws)

        assert REFUSED[name] == [(flaw.code, flaw.pointer) for flaw in refused.value.flaws]

    @pytest.mark.parametrize("name", TAKEN)
    def test_are_taken_as_they_were_meant(self, name: str, source: str) -> None:
        """Whoever and whatever was meant is what comes in."""
        asked, (told, expected) = _asked(_raw(name, source)), TAKEN[name]

        assert isinstance(asked.instruction, Place), asked.flaws
        assert expected == told(asked.instruction.order)
        assert WARNED.get(name, []) == [warning.code for warning in asked.warnings]


def test_every_kind_has_something_to_come_to() -> None:
    """No case stands here for nothing."""
    assert set(CASES) == {*REFUSED, *TAKEN}
