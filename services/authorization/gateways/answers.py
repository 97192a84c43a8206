"""Reads payers' answers into our model: codes are kept, free text is sealed or dropped."""

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.authorization.domain import RecordPayerAnswer
from shared.contracts.authorization import AuthorizedItem, Window
from shared.contracts.language import Actor, Channel, Reason, tenant_of
from shared.contracts.sealed import Content
from shared.ports import Answer
from shared.sealing import Keyring

_PENDED: Final = "A4"
_MOST_CODES: Final = 20
_LONGEST_MESSAGE: Final = 2000
_MOST_NUMBER: Final = 2**31 - 1
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,99}")


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _codes(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(code for item in listed if (code := _code(item)))[:_MOST_CODES]


def _text(value: Any) -> str | None:
    """Free text (X12 278 MSG), which is sealed; longer text is cut, and what is no text is dropped."""
    return value[:_LONGEST_MESSAGE] if isinstance(value, str) and value.strip() else None


def _reason(value: Any) -> Reason | None:
    """A reason whose system and code are codes; anything freer could be about the patient."""
    found = value if isinstance(value, dict) else {}
    system, code = _code(found.get("system")), _code(found.get("code"))
    return Reason(system=system, code=code) if system and code else None


class GrantedItem(BaseModel):
    """A certified item, as payers write it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service_ref: str
    window: Window
    units: int = Field(ge=0, le=_MOST_NUMBER)
    provider_ref: str
    site_ref: str


class PayerAnswer(BaseModel):
    """A payer's answer to a request. `number` rises with each change of its mind; `action` may be anything."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    number: int = Field(ge=0, le=_MOST_NUMBER)
    reference: str | None = Field(default=None, max_length=200)
    received_at: AwareDatetime
    action: str = Field(max_length=100)
    reason: Annotated[Reason | None, BeforeValidator(_reason)] = None
    decision_due_at: AwareDatetime | None = None
    asked_for: Annotated[tuple[str, ...], BeforeValidator(_codes)] = ()
    message: Annotated[str | None, BeforeValidator(_text)] = None
    items: tuple[GrantedItem, ...] = Field(default=(), max_length=100)


class EligibilityAnswer(BaseModel):
    """A payer's answer to a check: X12 271 in small."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    check_id: str
    eb01: str
    auth_required: str = "U"


class Certificate(Content):
    """The payer's number of a request or a decision, as it is sealed for coverage."""

    sealed_as = "certificate"

    reference: str


class PayerMessage(Content):
    """What a payer wrote beside its codes, as it is sealed for coverage."""

    sealed_as = "payer_message"

    text: str


def sealed_reference(keyring: Keyring, referral_id: str, reference: str | None) -> str | None:
    """Seal the payer's number: it identifies a patient as well as a name."""
    if not reference:
        return None
    certificate = Certificate(reference=reference)
    return keyring.seal(tenant_of(referral_id), "coverage", certificate, referral_id=referral_id)


def _sealed_message(keyring: Keyring, referral_id: str, text: str | None) -> str | None:
    if not text:
        return None
    return keyring.seal(tenant_of(referral_id), "coverage", PayerMessage(text=text), referral_id=referral_id)


def recorded(
    answer: PayerAnswer, keyring: Keyring, referral_id: str, by: Actor, at: datetime, channel: Channel
) -> Answer:
    """The command and the outcome of the effect for a payer's answer, from whichever source."""
    items = [AuthorizedItem(item=n, **dict(item)) for n, item in enumerate(answer.items, 1)]
    command = RecordPayerAnswer(
        at=at,
        by=by,
        channel=channel,
        request_id=answer.request_id,
        number=answer.number,
        action=answer.action,
        received_at=answer.received_at,
        decision_due_at=answer.decision_due_at,
        asked_for=answer.asked_for,
        items=tuple(items),
        reason=answer.reason,
        certificate=sealed_reference(keyring, referral_id, answer.reference),
        message=_sealed_message(keyring, referral_id, answer.message),
    )
    return Answer("alive", refs=(answer.request_id,), final=answer.action != _PENDED, command=command)
