"""Orders as published guides have them, written anew after them: taken, or refused for a reason to act on.

Synthea's transactions, US Core, Da Vinci PAS, NHS BaRS, Gravity SDOH, BSeR, and HL7's conversion of a REF_I12.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from services.intake.domain.instruction import Place
from tests.unit.intake.bundles import all_asked
from tests.unit.intake.invented import Document

SNOMED, NPI = "http://snomed.info/sct", "http://hl7.org/fhir/sid/us-npi"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
HERE: Final = "https://ehr.example/fhir"


def _code(system: str, code: str, **more: Any) -> Document:
    return {"coding": [{"system": system, "code": code}], **more}


def _entry(url: str, type_: str, **elements: Any) -> Document:
    return {"fullUrl": url, "resource": {"resourceType": type_, **elements}}


def _patient(url: str, family: str, mrn: str, **more: Any) -> Document:
    number = {"type": _code(V2, "MR"), "system": "urn:example:mrn", "value": mrn}
    name = [{"use": "official", "family": family, "given": ["Ines"]}]
    phone = [{"system": "phone", "value": "617-555-0142", "use": "home"}]
    elements = {"identifier": [number], "name": name, "telecom": phone, "birthDate": "1980-01-01", **more}
    return _entry(url, "Patient", **elements)


def _request(url: str, subject: str, **more: Any) -> Document:
    return _entry(
        url,
        "ServiceRequest",
        **{
            "status": "active",
            "intent": "order",
            "subject": {"reference": subject},
            "authoredOn": "2026-04-06",
            "identifier": [{"system": "urn:example:orders", "value": "S-1"}],
            "code": _code(SNOMED, "183519002"),
            **more,
        },
    )


def _bundle(kind: str, *entries: Document) -> Document:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def synthea() -> Document:
    """Everything of a patient as one transaction, clinicians by condition, and nothing of ours in most of it."""
    patient, condition = (
        "urn:uuid:11111111-1111-4111-8111-111111111111",
        "urn:uuid:22222222-2222-4222-8222-222222222222",
    )
    encounter = "urn:uuid:33333333-3333-4333-8333-333333333333"
    entries = [
        _patient(patient, "Sample945", "d6f9-1", id="11111111-1111-4111-8111-111111111111"),
        _entry(encounter, "Encounter", status="finished", subject={"reference": patient}),
        _entry(condition, "Condition", code=_code(ICD, "I48.91"), subject={"reference": patient}),
        _request(
            "urn:uuid:44444444-4444-4444-8444-444444444444",
            patient,
            encounter={"reference": encounter},
            requester={"reference": f"Practitioner?identifier={NPI}|1234567893", "display": "Dr. Otto"},
            reasonReference=[{"reference": condition}],
        ),
    ]
    for entry in entries:
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return _bundle("transaction", *entries)


def us_core() -> Document:
    """A search for one order, with what it includes."""
    order = _request(
        f"{HERE}/ServiceRequest/cardiology",
        "Patient/example",
        id="cardiology",
        category=[_code(SNOMED, "3457005")],
        requester={"reference": "Practitioner/p1", "display": "Ronald Bone, MD"},
        reasonCode=[_code(ICD, "I48.91")],
    )
    clinician = _entry(f"{HERE}/Practitioner/p1", "Practitioner", identifier=[{"system": NPI, "value": "1234567893"}])
    entries = [order, _patient(f"{HERE}/Patient/example", "Shaw", "1032702"), clinician]
    modes = ("match", "include", "include")
    return _bundle(
        "searchset", *({**entry, "search": {"mode": mode}} for entry, mode in zip(entries, modes, strict=True))
    )


def us_core_pulse() -> Document:
    """US Core's orders of observations are none of ours."""
    document = us_core()
    document["entry"][0]["resource"]["category"] = [_code(SNOMED, "108252007")]
    return document


def pas() -> Document:
    """A prior authorization request: a Claim first, then what it is about."""
    return _bundle(
        "collection",
        _entry(f"{HERE}/Claim/1", "Claim", status="active", use="preauthorization"),
        _entry(f"{HERE}/Organization/payer", "Organization", name="MARYLAND CAPITAL INSURANCE COMPANY"),
        _entry(
            f"{HERE}/Coverage/1",
            "Coverage",
            status="active",
            subscriberId="1122334455",
            beneficiary={"reference": "Patient/subscriber"},
            payor=[{"reference": "Organization/payer"}],
        ),
        _patient(f"{HERE}/Patient/subscriber", "Smith", "PAS-1"),
        _request(
            f"{HERE}/ServiceRequest/1",
            "Patient/subscriber",
            insurance=[{"reference": "Coverage/1"}],
            requester={"identifier": {"system": NPI, "value": "1234567893"}},
            occurrenceTiming={"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
        ),
    )


def bars() -> Document:
    """A message: a plan is how BaRS refers, and its focus says which of two requests it sends."""
    header = _entry(
        "urn:uuid:79120f41-a431-4f08-bcc5-1e67006fcae0",
        "MessageHeader",
        eventCoding={
            "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
            "code": "servicerequest-request",
        },
        source={"endpoint": "https://sender.example"},
        focus=[{"reference": "urn:uuid:236bb75d-90ef-461f-b71e-fde7f899802c"}],
    )
    wanted = _request(
        "urn:uuid:236bb75d-90ef-461f-b71e-fde7f899802c",
        "urn:uuid:9589fb37-87fc-4e65-be31-03d83c53f9b9",
        intent="plan",
        occurrencePeriod={"start": "2026-04-09T12:00:00Z", "end": "2026-04-09T18:00:00Z"},
    )
    triage = _request(
        "urn:uuid:00000000-0000-4000-8000-00000000dada",
        "urn:uuid:9589fb37-87fc-4e65-be31-03d83c53f9b9",
        identifier=[{"system": "urn:example:orders", "value": "TRIAGE"}],
    )
    patient = _patient("urn:uuid:9589fb37-87fc-4e65-be31-03d83c53f9b9", "Frost", "4857773456")
    return _bundle("message", header, wanted, triage, patient)


def sdoh() -> Document:
    """A Task asks an organization for a service whose code no specialty has."""
    return _bundle(
        "batch",
        _entry(
            f"{HERE}/Task/t1",
            "Task",
            status="requested",
            intent="order",
            focus={"reference": "ServiceRequest/food"},
        ),
        _request(
            f"{HERE}/ServiceRequest/food",
            "Patient/colleen",
            category=[_code("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "sdoh")],
            code=_code(SNOMED, "467681000124101", text="Referral to food pantry program"),
        ),
        _patient(f"{HERE}/Patient/colleen", "Abel", "PATIENT-SDOHCC"),
    )


def bser_cancelled() -> Document:
    """The same Task later: the referral is not wanted any more."""
    document = sdoh()
    document["entry"][0]["resource"]["status"] = "cancelled"
    return document


def ref_i12() -> Document:
    """HL7's conversion of a REF_I12 writes two requests, of which one is not active, and a relative."""
    return _bundle(
        "collection",
        _patient("Patient/pid.1", "Everywoman", "REF-1"),
        _entry(
            "RelatedPerson/nk1", "RelatedPerson", patient={"reference": "Patient/pid.1"}, name=[{"family": "Jones"}]
        ),
        _request("ServiceRequest/rf1", "Patient/pid.1"),
        _request("ServiceRequest/obr", "Patient/pid.1", status="unknown", identifier=None),
    )


SAMPLES: Final[Mapping[str, tuple[Callable[[], Document], str | None, str | None]]] = {
    "Synthea": (synthea, "d6f9-1", None),
    "US Core": (us_core, "1032702", None),
    "US Core, an observation": (us_core_pulse, None, "not_a_referral"),
    "Da Vinci PAS": (pas, "PAS-1", None),
    "NHS BaRS": (bars, "4857773456", None),
    "Gravity SDOH": (sdoh, "PATIENT-SDOHCC", None),
    "BSeR, cancelled": (bser_cancelled, None, "task_ended"),
    "a converted REF_I12": (ref_i12, "REF-1", None),
}
"""What is sent, whose it is, or why it is refused."""


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_taken_or_refused_for_a_reason(name: str) -> None:
    """Whoever was meant is who comes in; and nobody else."""
    make, mrn, refused = SAMPLES[name]
    [asked] = all_asked(make())

    placed = asked.instruction.order.mrn.value if isinstance(asked.instruction, Place) else None
    assert (mrn, {refused} - {None}) == (placed, {flaw.code for flaw in asked.flaws})
