"""Small orders, one of each kind that was once misread. What each must come to is in `test_doors`."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.intake.doors import HERE, ICD, NPI, NUCC, Document, bundle, changed, concept, plain, typed


def _patient(**elements: Any) -> dict[str, Document]:
    return {"Patient/p1": elements}


def _coverage(**elements: Any) -> dict[str, Document]:
    return {"Coverage/c1": elements}


def _stranger() -> Document:
    found = plain("01")
    stranger = {**found["Patient/p1"], "identifier": [typed("MR", "NOT-THIS-ONE", "urn:example:mrn")]}
    stranger["name"] = [{"family": "Wrongperson"}]
    return bundle({"https://other.example/fhir/Patient/p1": stranger, **found})


def _twice_a_subject() -> bytes:
    text = json.dumps(changed("06", {}))
    return text.replace('"subject":', '"subject": {"reference": "Patient/somebody-else"}, "subject":', 1).encode()


def _deleting() -> Document:
    document = bundle(plain("24"), "transaction")
    for entry in document["entry"]:
        entry["request"] = {"method": "PUT", "url": entry["fullUrl"].removeprefix(f"{HERE}/")}
    document["entry"][0]["request"]["method"] = "DELETE"
    return document


def _without_ids() -> Document:
    document = bundle(plain("61"))
    for entry in document["entry"]:
        del entry["resource"]["id"]
    return document


def _condition(**elements: Any) -> dict[str, Document]:
    subject = {"reference": "Patient/p1"}
    return {"Condition/k1": {"subject": subject, "code": concept(ICD, "I48.91"), **elements}}


_BY_CONDITION: Final = {"reasonCode": None, "reasonReference": [{"reference": "Condition/k1"}]}
_WANTED: Final = {
    "practitioner": {"display": "Dr Wanda Wanted"},
    "organization": {"display": "Wanted Heart Center"},
    "specialty": [concept(NUCC, "207RC0000X")],
}
_LETTER: Final = {
    "status": "current",
    "content": [{"attachment": {"contentType": "application/pdf", "title": "Letter", "data": "JVBERi0xLjQ="}}],
}
_OLD_NUMBER: Final = {"system": "phone", "use": "mobile", "value": "617-555-0111", "period": {"end": "2019-01-01"}}
_MOTHER: Final = {
    "relationship": [concept("http://terminology.hl7.org/CodeSystem/v2-0131", "N")],
    "name": {"family": "Quillon", "given": ["Agatha"]},
    "telecom": [{"system": "phone", "use": "mobile", "value": "617-555-0177"}],
}
_CASES: Final[Mapping[str, Callable[[], Document | bytes]]] = {
    "01-two-servers-same-patient-id": _stranger,
    "02-contained-ids-collide-payer": lambda: changed(
        "02",
        _coverage(
            payor=[{"reference": "#1"}],
            contained=[{"resourceType": "Organization", "id": "1", "name": "Real Health Plan"}],
        ),
        requester={"reference": "#1"},
        contained=[{"resourceType": "Organization", "id": "1", "name": "Referring Clinic"}],
    ),
    "03-coverage-of-another-person": lambda: changed("03", _coverage(beneficiary={"reference": "Patient/zz"})),
    "05-condition-of-another-person": lambda: changed(
        "05", _condition(subject={"reference": "Patient/zz"}, code=concept(ICD, "B20")), **_BY_CONDITION
    ),
    "06-duplicate-key-subject": _twice_a_subject,
    "07-national-number-of-another-country": lambda: changed(
        "07",
        _patient(
            telecom=[{"system": "phone", "use": "mobile", "value": "55 1234 5678"}],
            address=[{"use": "home", "postalCode": "06600", "country": "MX"}],
        ),
    ),
    "08-telephone-that-ended": lambda: changed(
        "08", _patient(telecom=[_OLD_NUMBER, {"system": "phone", "use": "home", "value": "617-555-0122"}])
    ),
    "09-name-that-ended": lambda: changed(
        "09",
        _patient(
            name=[
                {"family": "Formername", "given": ["Marigold"], "period": {"end": "2020-07-22"}},
                {"family": "Quillon", "given": ["Marigold"], "period": {"start": "2020-07-22"}},
            ]
        ),
    ),
    "12-mrn-that-is-old": lambda: changed(
        "12",
        _patient(
            identifier=[
                typed("MR", "OLD-12", "urn:example:mrn", use="old"),
                typed("MR", "NEW-12", "urn:example:mrn", use="official"),
            ]
        ),
    ),
    "13-social-security-number-taken-as-mrn": lambda: changed(
        "13",
        _patient(
            identifier=[
                {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "900-00-0013"},
                {"type": {"text": "MRN"}, "system": "urn:oid:1.2.36.99", "value": "E13"},
            ]
        ),
    ),
    "20-patient-is-deceased": lambda: changed("20", _patient(deceasedDateTime="2026-11-20")),
    "21-unknown-modifier-extension": lambda: changed(
        "21", {}, modifierExtension=[{"url": "https://vendor.example/do-not-act-on-this", "valueBoolean": True}]
    ),
    "22-intent-is-a-proposal": lambda: changed("22", {}, intent="proposal"),
    "23-not-a-referral-do-not-resuscitate": lambda: changed(
        "23",
        {},
        performerType=None,
        code=concept("http://loinc.org", "LA33471-6", text="No CPR: do not attempt resuscitation"),
        category=[
            concept("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "treatment-intervention-preference")
        ],
    ),
    "24-transaction-that-deletes-the-order": _deleting,
    "27-order-ran-out-before-it-came": lambda: changed("27", {}, authoredOn="2026-05-20"),
    "28-condition-is-refuted": lambda: changed(
        "28",
        _condition(verificationStatus=concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")),
        **_BY_CONDITION,
    ),
    "40-not-before-a-date": lambda: changed("40", {}, occurrencePeriod={"start": "2027-03-01"}),
    "42-wanted-specialist-and-instructions": lambda: changed(
        "42",
        {"PractitionerRole/w1": dict(_WANTED)},
        performerType=None,
        performer=[{"reference": "PractitionerRole/w1"}],
        orderDetail=[{"text": "with stress echo"}],
        bodySite=[{"text": "left knee"}],
        patientInstruction="Bring your inhaler",
        locationReference=[{"display": "Main campus"}],
    ),
    "43-letter-inside-the-bundle": lambda: changed(
        "43", {"DocumentReference/doc1": dict(_LETTER)}, supportingInfo=[{"reference": "DocumentReference/doc1"}]
    ),
    "44-service-as-text-only": lambda: changed("44", {}, code={"text": "Referral to cardiology"}, performerType=None),
    "46-requester-by-npi-alone": lambda: changed(
        "46", {}, requester={"identifier": {"system": NPI, "value": "1234567893"}}
    ),
    "48-requester-by-version": lambda: changed("48", {}, requester={"reference": "Practitioner/d1/_history/1"}),
    "49-member-number-is-the-second-identifier": lambda: changed(
        "49", _coverage(subscriberId=None, identifier=[typed("XX", "GROUP-9"), typed("MB", "MB-77")])
    ),
    "50-dependent-of-a-subscriber": lambda: changed(
        "50",
        _coverage(
            dependent="02",
            relationship=concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "child"),
            subscriber={"display": "Agatha Quillon"},
        ),
    ),
    "51-primary-coverage-is-listed-second": lambda: changed(
        "51",
        {
            **_coverage(payor=[{"display": "Second Payer"}]),
            "Coverage/c2": {
                "status": "active",
                "beneficiary": {"reference": "Patient/p1"},
                "subscriberId": "PRIM-1",
                "payor": [{"display": "First Payer"}],
                "order": 1,
            },
        },
    ),
    "52-language-local-code-first": lambda: changed(
        "52",
        _patient(
            communication=[
                {
                    "language": {
                        "coding": [
                            {"system": "urn:oid:1.2.36.98", "code": "132"},
                            {"system": "urn:ietf:bcp:47", "code": "es"},
                        ],
                        "text": "Spanish",
                    },
                    "preferred": True,
                }
            ]
        ),
    ),
    "53-patient-without-a-name": lambda: changed("53", _patient(name=None)),
    "55-child-with-a-parents-number": lambda: changed(
        "55", _patient(birthDate="2019-05-05", telecom=None, contact=[dict(_MOTHER)])
    ),
    "60-subject-by-version": lambda: changed("60", {}, subject={"reference": "Patient/p1/_history/3"}),
    "61-resources-without-id": _without_ids,
    "63-an-older-order-beside": lambda: changed(
        "63",
        {
            "ServiceRequest/sr2": {
                **plain("63")["ServiceRequest/sr1"],
                "identifier": [typed("PLAC", "CASE-63-OLD", "urn:example:cases")],
                "status": "completed",
            }
        },
    ),
    "64-payer-inside-its-coverage": lambda: changed(
        "64",
        _coverage(
            payor=[{"reference": "#ins"}],
            contained=[{"resourceType": "Organization", "id": "ins", "name": "Contained Health Plan"}],
        ),
    ),
    "65-patient-pays-as-payor": lambda: changed("65", _coverage(payor=[{"reference": "Patient/p1"}])),
    "70-seven-digits": lambda: changed(
        "70", _patient(telecom=[{"system": "phone", "use": "mobile", "value": "555-0142"}])
    ),
    "71-email-that-is-none": lambda: changed("71", _patient(telecom=[{"system": "email", "value": "n/a"}])),
    "73-dates-as-numbers": lambda: changed("73", _patient(birthDate=0), authoredOn=1796032800),
    "80-address-that-ended": lambda: changed(
        "80",
        _patient(
            address=[
                {"use": "home", "postalCode": "94110", "period": {"end": "2020-01-01"}},
                {"use": "home", "postalCode": "02108"},
            ]
        ),
    ),
    "81-postal-code-of-another-country": lambda: changed(
        "81", _patient(address=[{"use": "home", "postalCode": "10115", "country": "DE"}])
    ),
    "94-note-of-200-kB": lambda: changed("94", {}, note=[{"text": "x" * 200_000}]),
}
CASES: Final = tuple(_CASES)
SHARED: Final = Path(os.environ.get("THROUGHLINE_DOORS", "../shared/data/doors"))


def case(name: str) -> bytes:
    """A case as it is sent."""
    made = _CASES[name]()
    return made if isinstance(made, bytes) else json.dumps(made).encode()


def shared_case(name: str) -> bytes:
    """The example that a kind was found by, where the folder of examples is at hand."""
    found = SHARED / f"{name}.json"
    if not found.is_file():
        pytest.skip(f"{SHARED} does not hold the example that this kind was found by")
    return found.read_bytes()
