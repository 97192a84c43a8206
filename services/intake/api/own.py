"""An order in Throughline's own JSON. It is our own contract, so nothing is guessed: unknown members are refused."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.intake.api.commands import CONTRACT
from services.intake.api.places import timezone_of
from services.intake.domain import identifiers
from services.intake.domain.order import Identifier, Order, Requester, is_of_this_century
from services.intake.domain.telephones import phone_number
from shared.contracts.language import Priority
from shared.contracts.sealed import Coding, Contact, Logistics, Policy

_ZONES = available_timezones()
"""Read once: it walks the whole database of time zones."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def _checked(code: str, message: str, is_right: Callable[[str], object]) -> AfterValidator:
    """A rule of the field, under a code of its own. The message shows nothing of the input."""

    def check(text: str) -> str:
        if not is_right(text):
            raise PydanticCustomError(code, message)
        return text

    return AfterValidator(check)


def _in_e164(text: str) -> str:
    number = phone_number(text)
    if number is None:
        raise PydanticCustomError("phone", "is not a telephone number")
    return number


Npi = Annotated[
    str, _checked("npi", "is not a National Provider Identifier", identifiers.is_npi), Field(examples=["1234567893"])
]
IcdCode = Annotated[str, _checked("icd_10_cm", "is not of the form of ICD-10-CM", identifiers.is_icd_10_cm)]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_in_e164)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Zone = Annotated[str, _checked("timezone", "is not an IANA time zone", _ZONES.__contains__)]


def _of_this_century(instant: datetime) -> datetime:
    if not is_of_this_century(instant):
        raise PydanticCustomError("century", "is not of this century")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_of_this_century)]


class OwnIdentifier(BaseModel):
    """A number and the system that gave it out."""

    model_config = CONTRACT

    system: Name
    value: Name


class OwnCoding(BaseModel):
    """A code of a named system, as FHIR writes it. A code of ICD-10-CM must have its form."""

    model_config = CONTRACT

    system: Name
    code: Name
    text: Name | None = None

    @model_validator(mode="after")
    def _has_the_form_of_its_system(self) -> "OwnCoding":
        if self.system == identifiers.ICD_10_CM and not identifiers.is_icd_10_cm(self.code):
            raise PydanticCustomError("icd_10_cm", "is not of the form of ICD-10-CM")
        return self

    @property
    def coding(self) -> Coding:
        """In our words."""
        return Coding(**dict(self))


class OwnRequester(BaseModel):
    """The clinician who orders, by National Provider Identifier."""

    model_config = CONTRACT

    npi: Npi
    name: Name | None = None
    organization: Name | None = None


class OwnPatient(BaseModel):
    """The patient. Without a telephone number or an e-mail address, one is asked for."""

    model_config = CONTRACT

    mrn: OwnIdentifier
    given: Name
    family: Name
    birth_date: date
    phone: Phone | None = None
    """E.164, or as it is written in the United States."""
    email: Email | None = None
    language: Language = "en-US"
    """BCP 47."""
    timezone: Zone | None = None
    """IANA; taken from the ZIP code where it is left out."""
    postal_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}(-[0-9]{4})?$")] | None = None

    def contact(self, home_zone: str) -> Contact:
        """In our words."""
        zone = self.timezone or timezone_of(identifiers.zip_code(self.postal_code), home_zone)
        known = self.model_dump(include={"given", "family", "birth_date", "phone", "email", "language"})
        return Contact(**known, timezone=zone)


class OwnPolicy(BaseModel):
    """An insurance policy; rank 1 pays first."""

    model_config = CONTRACT

    rank: Annotated[int, Field(ge=1, le=9)] = 1
    payer_name: Name
    member_id: Name
    plan: Name | None = None


class OwnLogistics(BaseModel):
    """What matters for finding a visit that the patient can reach."""

    model_config = CONTRACT

    mobility: Name | None = None
    availability: Name | None = None


class OwnOrder(BaseModel):
    """An order for one service. What a referral needs and the order leaves out is asked for afterwards."""

    model_config = CONTRACT

    source_system: Name
    """Who gave out the order number: with it, it names the order for ever."""
    order_number: Name
    priority: Priority = "routine"
    authored_at: Instant
    needed_by: Instant | None = None
    """By when the patient must be seen; by the priority where it is left out."""
    expires_at: Instant | None = None
    """Until when the order may be used; 180 days where it is left out."""
    service: OwnCoding
    """What is asked for: a specialty (NUCC taxonomy) or a service. It chooses the pathway."""
    requester: OwnRequester | None = None
    patient: OwnPatient
    diagnoses: Annotated[tuple[OwnCoding, ...], Field(max_length=12, strict=False)] = ()
    reason_text: Prose | None = None
    notes: Annotated[tuple[Prose, ...], Field(max_length=20, strict=False)] = ()
    coverage: Annotated[tuple[OwnPolicy, ...], Field(max_length=4, strict=False)] = ()
    declared_self_pay: bool = False
    """The patient pays and no payer is to be asked."""
    logistics: OwnLogistics = OwnLogistics()

    @model_validator(mode="after")
    def _pays_one_way(self) -> "OwnOrder":
        ranks = [policy.rank for policy in self.coverage]
        if self.declared_self_pay and ranks:
            raise PydanticCustomError("self_pay_with_coverage", "declares self-pay and names coverage")
        if len(set(ranks)) != len(ranks):
            raise PydanticCustomError("ranks", "names two policies of the same rank")
        return self

    def order(self, home_zone: str) -> Order:
        """In our words. `home_zone` is where a patient lives of whom nothing else is known."""
        requester = self.requester
        return Order(
            number=Identifier(system=self.source_system, value=self.order_number),
            mrn=Identifier(**dict(self.patient.mrn)),
            priority=self.priority,
            authored_at=self.authored_at,
            needed_by=self.needed_by,
            expires_at=self.expires_at,
            service=self.service.coding,
            requester=Requester(**dict(requester)) if requester else None,
            contact=self.patient.contact(home_zone),
            diagnoses=tuple(diagnosis.coding for diagnosis in self.diagnoses),
            reason_text=self.reason_text,
            notes=self.notes,
            policies=tuple(Policy(**dict(policy)) for policy in sorted(self.coverage, key=lambda p: p.rank)),
            is_self_pay=self.declared_self_pay,
            logistics=Logistics(postal_code=identifiers.zip_code(self.patient.postal_code), **dict(self.logistics)),
        )
