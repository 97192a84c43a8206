"""What may be supplied, item by item, and how each changes the patient data that is sealed for its audience."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.intake.api.fields import Email, IcdCode, Name, Npi, Phone
from services.intake.api.own import OwnCoding, OwnPolicy, OwnRequester
from services.intake.domain.identifiers import ICD_10_CM
from services.intake.domain.order import ClinicalWithOrigin, Requester
from shared.contracts.intake import Item
from shared.contracts.language import Audience
from shared.contracts.sealed import Coding, Contact, CoverageDetails, Policy
from shared.service.commands import CONTRACT
from shared.web import broken

AS_TEXT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


class ContactIn(BaseModel):
    """How the patient can be reached: at least one way."""

    model_config = CONTRACT

    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _is_reachable(self) -> "ContactIn":
        if not (self.phone or self.email):
            raise broken("contact", "names neither telephone nor e-mail")
        return self


class DiagnosisItem(BaseModel):
    """A coding; or the bare code, if it is of ICD-10-CM."""

    model_config = CONTRACT

    code: Literal["diagnosis"]
    value: OwnCoding | IcdCode


class ContactItem(BaseModel):
    """Telephone and e-mail; or one of them as text."""

    model_config = CONTRACT

    code: Literal["contact"]
    value: ContactIn | Phone | Email


class CoverageItem(BaseModel):
    """A policy; or "none": the patient pays."""

    model_config = CONTRACT

    code: Literal["coverage"]
    value: OwnPolicy | Literal["none"]


class RequesterItem(BaseModel):
    """Who ordered it; or the NPI alone."""

    model_config = CONTRACT

    code: Literal["requester"]
    value: OwnRequester | Npi


class ServiceItem(BaseModel):
    """What is asked for: a coding, or text."""

    model_config = CONTRACT

    code: Literal["service"]
    value: OwnCoding | Name


class RecordsItem(BaseModel):
    """Where the records are to be found."""

    model_config = CONTRACT

    code: Literal["records"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class BirthDateItem(BaseModel):
    """When the patient was born."""

    model_config = CONTRACT

    code: Literal["birth_date"]
    value: date


class NameIn(BaseModel):
    """What the patient is called. Who has one name only has it as family name."""

    model_config = CONTRACT

    given: Name | None = None
    family: Name


class NameItem(BaseModel):
    """The patient's name; or as text the one that they have."""

    model_config = CONTRACT

    code: Literal["name"]
    value: NameIn | Name


AnyItem = Annotated[
    DiagnosisItem | ContactItem | CoverageItem | RequesterItem | ServiceItem | RecordsItem | BirthDateItem | NameItem,
    Field(discriminator="code"),
]


def _with_diagnosis(clinical: ClinicalWithOrigin, value: OwnCoding | str) -> ClinicalWithOrigin:
    coding = Coding(system=ICD_10_CM, code=value) if isinstance(value, str) else value.coding
    return clinical.model_copy(update={"diagnoses": (*clinical.diagnoses, coding)})


def _with_contact(contact: Contact, value: ContactIn | str) -> Contact:
    if isinstance(value, str):
        value = ContactIn(email=value) if "@" in value else ContactIn(phone=value)
    changes = value.model_dump(exclude_none=True)
    if value.phone:
        # What was known of another number does not hold of this one.
        may_text = contact.may_text or contact.phone_extension is not None
        changes |= {"phone_extension": None, "phone_of": None, "may_text": may_text}
    return contact.model_copy(update=changes)


def _with_coverage(coverage: CoverageDetails, value: OwnPolicy | str) -> CoverageDetails:
    policies = () if isinstance(value, str) else (*coverage.policies, Policy(**dict(value)))
    return CoverageDetails(policies=policies)


def _with_requester(clinical: ClinicalWithOrigin, value: OwnRequester | str) -> ClinicalWithOrigin:
    requester = Requester(npi=value) if isinstance(value, str) else Requester(**dict(value))
    return clinical.model_copy(update={"requester": requester})


def _with_service(clinical: ClinicalWithOrigin, value: OwnCoding | str) -> ClinicalWithOrigin:
    coding = Coding(system=AS_TEXT, code="as-text", text=value) if isinstance(value, str) else value.coding
    return clinical.model_copy(update={"service": coding})


def _with_records(clinical: ClinicalWithOrigin, value: str) -> ClinicalWithOrigin:
    return clinical.model_copy(update={"attachments": (*clinical.attachments, value)})


def _with_birth_date(contact: Contact, value: date) -> Contact:
    return contact.model_copy(update={"birth_date": value})


def _with_name(contact: Contact, value: NameIn | str) -> Contact:
    given, family = ("", value) if isinstance(value, str) else (value.given or "", value.family)
    return contact.model_copy(update={"given": given, "family": family})


CHANGES: Final[Mapping[Item, tuple[Audience, Callable[[Any, Any], BaseModel]]]] = {
    "diagnosis": ("clinical", _with_diagnosis),
    "contact": ("contact", _with_contact),
    "coverage": ("coverage", _with_coverage),
    "requester": ("clinical", _with_requester),
    "service": ("clinical", _with_service),
    "records": ("clinical", _with_records),
    "birth_date": ("contact", _with_birth_date),
    "name": ("contact", _with_name),
}
