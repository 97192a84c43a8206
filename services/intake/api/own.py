"""An order in Throughline's own JSON. It is our own contract, so nothing is guessed: unknown members are refused."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from services.intake.api import places
from services.intake.api.fields import Email, Instant, Language, MaybeName, Name, Npi, Phone, Prose, Zone
from services.intake.domain import identifiers
from services.intake.domain.order import Identifier, Order, Requester
from shared.contracts.language import Priority
from shared.contracts.sealed import Coding, Contact, Logistics, Policy
from shared.service.commands import CONTRACT
from shared.web import broken


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
            raise broken("icd_10_cm", "is not of the form of ICD-10-CM, with its dot, such as R07.9", "code")
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
    """The patient. Without a telephone number or an e-mail address, one is asked for. One name of the two will do."""

    model_config = CONTRACT

    mrn: OwnIdentifier
    given: MaybeName = ""
    family: MaybeName = ""
    birth_date: date
    phone: Phone | None = None
    """E.164, or as it is written in the United States."""
    email: Email | None = None
    language: Language = "en-US"
    """BCP 47."""
    timezone: Zone | None = None
    """IANA; taken from the ZIP code where it is left out."""
    postal_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}(-[0-9]{4})?$")] | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> "OwnPatient":
        if not (self.given or self.family):
            raise broken("name", "needs a name: given, family, or both")
        return self

    def contact(self, home_zone: str, at: datetime) -> Contact:
        """In our words. Where neither zone nor ZIP code says where, it may be anywhere in the United States."""
        zip_code = identifiers.zip_code(self.postal_code)
        zone = self.timezone or places.zips().zones.get(zip_code or "")
        anywhere = () if zone else places.that_differ(places.zones_of_country(places.HOME_COUNTRY), at)
        known = self.model_dump(include={"birth_date", "phone", "email", "language"})
        given, family = (self.given, self.family) if self.family else ("", self.given)
        return Contact(**known, given=given, family=family, timezone=zone or home_zone, timezones=anywhere)


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
    not_before: Instant | None = None
    """No visit is earlier."""
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

    @field_validator("needed_by", "expires_at")
    @classmethod
    def _is_later(cls, instant: datetime | None, info: ValidationInfo) -> datetime | None:
        written = info.data.get("authored_at")
        if instant and written and instant <= written:
            raise broken("before_it_was_written", "is not after the order was written")
        return instant

    @field_validator("patient")
    @classmethod
    def _was_born(cls, patient: OwnPatient, info: ValidationInfo) -> OwnPatient:
        written = info.data.get("authored_at")
        # Where it was written, the next day may have begun already.
        if written and patient.birth_date > written.date() + timedelta(days=1):
            raise broken("born_later", "was born after the order was written", "birth_date")
        return patient

    @field_validator("not_before")
    @classmethod
    def _leaves_time(cls, instant: datetime | None, info: ValidationInfo) -> datetime | None:
        until = info.data.get("needed_by")
        if instant and until and until < instant:
            raise broken("period", "is after the day by which the patient must be seen")
        return instant

    @model_validator(mode="after")
    def _pays_one_way(self) -> "OwnOrder":
        ranks = [policy.rank for policy in self.coverage]
        if self.declared_self_pay and ranks:
            raise broken("self_pay_with_coverage", "declares self-pay, while coverage is named", "declared_self_pay")
        if len(set(ranks)) != len(ranks):
            raise broken("ranks", "names two policies of the same rank", "coverage")
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
            not_before=self.not_before,
            expires_at=self.expires_at,
            service=self.service.coding,
            requester=Requester(**dict(requester)) if requester else None,
            contact=self.patient.contact(home_zone, self.authored_at),
            diagnoses=tuple(diagnosis.coding for diagnosis in self.diagnoses),
            reason_text=self.reason_text,
            notes=self.notes,
            policies=tuple(Policy(**dict(policy)) for policy in sorted(self.coverage, key=lambda p: p.rank)),
            is_self_pay=self.declared_self_pay,
            logistics=Logistics(postal_code=identifiers.zip_code(self.patient.postal_code), **dict(self.logistics)),
        )
