"""Reads the ordered service: a referral to a specialty or service. Anything else is refused.

Categories are SNOMED CT's and US Core's. Specialties are of NUCC's taxonomy where the order names one, since they
choose the pathway; SNOMED CT's are mapped where that can be done without a guess.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from services.intake.api.fhir.mapping import coding_of, codings_of
from services.intake.api.fhir.reading import Placed, Reading
from shared.contracts.sealed import Coding

TAXONOMY: Final = "http://nucc.org/provider-taxonomy"
SNOMED: Final = "http://snomed.info/sct"
NOT_A_REFERRAL: Final = "not_a_referral"
AS_TEXT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_ONLY_BY_PATHWAY: Final = frozenset({"108252007", "363679005", "387713003"})
"""Laboratory, imaging and surgical procedures: taken where a pathway names them."""
_NEVER_CATEGORIES: Final = frozenset({"treatment-intervention-preference", "care-experience-preference"})
_NEVER_CODES: Final = frozenset(
    (
        *("304251008", "304252001", "304253006", "439569004", "450475007", "450476008", "143021000119109"),
        *("LA33471-6", "LA33470-8", "81352-5", "75776-5", "75773-2", "100822-6", "100823-4"),
    )
)
"""Resuscitation and other wishes for treatment, in SNOMED CT and LOINC: never a referral."""
_SPECIALTIES: Final[dict[str, str]] = {
    **dict.fromkeys(("183519002", "394579002", "306125004"), "207RC0000X"),
    **dict.fromkeys(("306118006", "394583002"), "207RE0101X"),
    **dict.fromkeys(("306126003", "394803006"), "207RH0000X"),
    **dict.fromkeys(("183524004", "394587001"), "2084P0800X"),
    **dict.fromkeys(("306181000000106", "394801008"), "207X00000X"),
    **dict.fromkeys(("306210005", "394585009"), "207V00000X"),
    **dict.fromkeys(("183525003", "394604002"), "207Y00000X"),
    **dict.fromkeys(("306122001", "394589003"), "207RN0300X"),
    **dict.fromkeys(("306123006", "418112009"), "207RP1001X"),
    **dict.fromkeys(("183521007", "394591006"), "2084N0400X"),
    **dict.fromkeys(("306119003", "394584008"), "207RG0100X"),
    **dict.fromkeys(("306124000", "394582007"), "207N00000X"),
    **dict.fromkeys(("306097005", "394593009"), "207RX0202X"),
    "38670004": "2084A0401X",
    "710824005": "251B00000X",
}
"""Specialties, and referrals to them, of SNOMED CT in NUCC's taxonomy."""


def service_of(reading: Reading, request: Placed) -> Coding | None:
    """The specialty where the order, or whom it asks, names one; else the service; else its text."""
    service = coding_of(request.resource.code, TAXONOMY, SNOMED)
    specialty = _specialty(reading, request) or (_mapped(service) if service else None)
    text = request.resource.code.text if request.resource.code else None
    if specialty:
        said = text or (service.text if service else None)
        return specialty.model_copy(update={"text": said}) if said else specialty
    if service is None and text:
        return Coding(system=AS_TEXT, code="as-text", text=text)
    return service


def refuse_what_is_no_referral(reading: Reading, request: Placed, pathways: Collection[str]) -> None:
    """Refuse an order that is not a referral. `pathways` are the codes of services that a pathway names."""
    codes = {coding.code for coding in codings_of(request.resource.code)}
    categories = {coding.code for concept in request.resource.category or () for coding in codings_of(concept)}
    if codes & _NEVER_CODES or categories & _NEVER_CATEGORIES:
        place = "code" if codes & _NEVER_CODES else "category"
        reading.refuse(f"{request.pointer}/{place}", NOT_A_REFERRAL, "is a wish for treatment, and no referral")
    elif categories & _ONLY_BY_PATHWAY and not (codes | categories) & set(pathways):
        detail = "asks for laboratory, imaging or a procedure, which no pathway here names; it is no referral"
        reading.refuse(f"{request.pointer}/category", NOT_A_REFERRAL, detail)


def _specialty(reading: Reading, request: Placed) -> Coding | None:
    """By NUCC's taxonomy, or mapped to it: as performerType, else as what the wanted performer practises."""
    for concept in (request.resource.performerType, *_practised(reading, request)):
        specialty = coding_of(concept, TAXONOMY)
        if specialty and specialty.system == TAXONOMY:
            return specialty
        for coding in codings_of(concept):
            if coding.code and coding.system and (mapped := _mapped(Coding(system=coding.system, code=coding.code))):
                return mapped
    return None


def _practised(reading: Reading, request: Placed) -> Iterator[Any]:
    for n, reference in enumerate(request.resource.performer or ()):
        if role := reading.resolve(reference, request, f"performer/{n}", "PractitionerRole"):
            yield from role.resource.specialty or ()


def _mapped(coding: Coding) -> Coding | None:
    code = _SPECIALTIES.get(coding.code) if coding.system == SNOMED else None
    return Coding(system=TAXONOMY, code=code, text=coding.text) if code else None
