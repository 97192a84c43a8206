"""From a record number to the reference by which access records are found. The number stays in the body."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.intake.api.access import MayFindPatient
from services.intake.api.keyed import Keyed
from services.intake.api.own import OwnIdentifier
from services.intake.domain.order import Identifier
from shared import audit
from shared.service.commands import CONTRACT, TheService
from shared.web import body

router = APIRouter(prefix="/v1/patient-lookup", tags=["patients"])


class Lookup(BaseModel):
    """Whose reference is wanted."""

    model_config = CONTRACT

    mrn: OwnIdentifier


class Found(BaseModel):
    """The reference of that record number, whether or not an order of this patient was ever taken in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    patient_ref: str
    former_refs: tuple[str, ...]
    """As older keys made it: earlier records are found under these."""


@router.post("")
async def find(caller: MayFindPatient, service: TheService, asked: Annotated[Lookup, body(Lookup)]) -> Found:
    """The reference of a patient, by record number."""
    found, *former = Keyed(service.keyring, caller.tenant).patients(Identifier(**dict(asked.mrn)))
    audit.about("", found)
    return Found(patient_ref=found, former_refs=tuple(former))
