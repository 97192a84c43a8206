"""Documents with a canary in every field, made from the models: a new field is covered, or nothing is made."""

import types
import typing
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.privacy.canaries import BIRTH_DATE, ICD_SUPPLIED, NPI, PHONE_AS_WRITTEN, STEM, TIMEZONE, ZIP, planted

CRAFTED: Final[Mapping[str, Any]] = {
    "OwnPatient.birth_date": BIRTH_DATE.isoformat(),
    "OwnPatient.phone": PHONE_AS_WRITTEN,
    "OwnPatient.email": f"{STEM}@{STEM}.example",
    "OwnPatient.language": f"es-{STEM}",
    "OwnPatient.timezone": TIMEZONE,
    "OwnPatient.postal_code": f"{ZIP}-1742",
    "OwnRequester.npi": NPI,
    "ContactIn.phone": PHONE_AS_WRITTEN,
    "ContactIn.email": f"{STEM}@{STEM}.example",
    "DiagnosisItem.value": ICD_SUPPLIED,
    "RequesterItem.value": NPI,
    "BirthDateItem.value": BIRTH_DATE.isoformat(),
    "ReportedPatient.birth_date": BIRTH_DATE.isoformat(),
}
"""Canaries of fields that have a form of their own."""

_DEFINED: Final = "a code of a list that we publish"
_OPAQUE: Final = "an id that by contract says nothing; it becomes part of addresses"
_TIMES: Final = "one of the referral's own times: the worklist says by when"
_CODED: Final = "a code of a named system, never prose: published as the reason"
PUBLIC: Final[Mapping[str, tuple[Any, str]]] = {
    "OwnOrder.priority": ("routine", _DEFINED),
    "OwnOrder.authored_at": ("2026-03-02T08:00:00Z", _TIMES),
    "OwnOrder.needed_by": ("2026-05-02T08:00:00Z", _TIMES),
    "OwnOrder.not_before": ("2026-03-02T08:00:00Z", _TIMES),
    "OwnOrder.expires_at": ("2026-08-02T08:00:00Z", _TIMES),
    "OwnOrder.declared_self_pay": (False, "yes or no cannot be told from another yes or no"),
    "OwnPolicy.rank": (1, "a digit cannot be told from another digit"),
    "ReportIn.report_id": ("rp-1", _OPAQUE),
    "ReportIn.kind": ("final", _DEFINED),
    "ReportIn.visit_id": (None, _OPAQUE),
    "MatchIn.report_id": ("rp-1", _OPAQUE),
    "MatchIn.outcome": ("belongs_elsewhere", _DEFINED),
    "AcknowledgementIn.report_id": ("rp-1", _OPAQUE),
    "CancellationIn.asked_by": ("patient", _DEFINED),
    "CancellationIn.visit_id": ("v-1", _OPAQUE),
    "ClosingIn.outcome": ("care_elsewhere", _DEFINED),
    "ReasonIn.system": ("throughline", _CODED),
    "ReasonIn.code": ("somebody-said-so", _CODED),
    "InformationIn.request_id": ("r-1", _OPAQUE),
    **{f"{item}Item.code": (None, _DEFINED) for item in ("Diagnosis", "Contact", "Coverage", "Requester", "Service")},
    "RecordsItem.code": (None, _DEFINED),
    "BirthDateItem.code": (None, _DEFINED),
    "NameItem.code": (None, _DEFINED),
    "PathwayIn.pathway": ("pw-9x4k2m", "an opaque token of our own table"),
    "OrderReviewIn.order_version": (2, "a count"),
    "OrderReviewIn.outcome": ("kept", _DEFINED),
    "DecisionIn.action": ("A3", _DEFINED),
    "DecisionIn.units": (1, "a number of visits"),
    "DecisionIn.decision_due_at": ("2026-03-22T08:00:00Z", _TIMES),
    "PeerToPeerIn.action": ("A3", _DEFINED),
    "PeerToPeerIn.units": (1, "a number of visits"),
    "EligibilityIn.eb01": ("1", _DEFINED),
    "EligibilityIn.auth_required": ("Y", _DEFINED),
    "EligibilityIn.valid_on": ("2026-03-02", _TIMES),
    "Window.start": ("2026-03-02", _TIMES),
    "Window.end": ("2026-06-30", _TIMES),
    "CoverageIn.payer_id": ("medicare", "a payer of our own directory"),
    "CallbackIn.request_id": ("0" * 32, _OPAQUE),
    "CallbackIn.referral_id": ("demo-" + "a" * 26, _OPAQUE),
    "CallbackIn.number": (1, "a count"),
    "CallbackIn.received_at": ("2026-03-02T09:00:00Z", _TIMES),
    "CallbackIn.action": ("A1", _DEFINED),
    "CallbackIn.decision_due_at": ("2026-03-22T08:00:00Z", _TIMES),
    "CallbackIn.reason": (None, _CODED),
    "CallbackIn.asked_for": ((), _CODED),
    "CallbackIn.items": ((), "what was granted, in references that we sent"),
    "AnswerIn.request_id": ("r-1", _OPAQUE),
    "AnswerIn.accepted": (True, "yes or no"),
    "ProviderIn.provider_ref": ("pr-near", _OPAQUE),
    "ProviderIn.site_ref": ("st-north", _OPAQUE),
    "BookingIn.start": ("2026-03-17T13:00:00+00:00", _TIMES),
    "BookingIn.booked_by": ("own", _DEFINED),
    "BookingIn.provider_ref": ("pr-house", _OPAQUE),
    "BookingIn.site_ref": ("st-north", _OPAQUE),
    "OutcomeIn.visit_id": ("v-1", _OPAQUE),
    "OutcomeIn.outcome": ("missed", _DEFINED),
    "OutcomeIn.evidence_ref": ("ev-1", _OPAQUE),
    "AppointmentIn.visit_id": ("v-1", _OPAQUE),
    "ContactIn.reached": (False, "yes or no"),
    "ContactIn.outcome": ("no_answer", _DEFINED),
    "NoteBody.code": ("called_office", _DEFINED),
    "Named.key": ("demo-" + "a" * 26, _OPAQUE),
    "Named.service": ("intake", _DEFINED),
    "Named.sequence": (1, "a count"),
    "Named.origin": (None, _OPAQUE),
    "Named.aggregate": (None, _DEFINED),
}
"""Fields that may be seen, or cannot be told apart: what they get instead of a canary, and why."""


class Uncovered(Exception):
    """A field that is neither a text nor on a list: say whether it may be public."""


def filled(model: type[BaseModel], mark: str = "", **instead: Any) -> dict[str, Any]:
    """A document of this model with a canary in each field; `instead` replaces members of the whole."""
    found = {
        info.alias or name: _value(f"{model.__name__}.{name}", info, f"{mark}{n}")
        for n, (name, info) in enumerate(model.model_fields.items())
    }
    return {name: value for name, value in {**found, **instead}.items() if value is not None}


def _value(path: str, info: FieldInfo, mark: str) -> Any:
    if path in CRAFTED:
        return CRAFTED[path]
    if path in PUBLIC:
        return PUBLIC[path][0] if PUBLIC[path][0] is not None else _only(info)
    return _of(info.annotation, path, mark)


def _only(info: FieldInfo) -> Any:
    """The only value of a literal that says what a document is; nothing for what is left out."""
    values = typing.get_args(info.annotation) if typing.get_origin(info.annotation) is Literal else (None,)
    return values[0]


def _of(annotation: Any, path: str, mark: str) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _of(arguments[0], path, mark)
    if origin in (typing.Union, types.UnionType):
        return _of(_richest(arguments), path, mark)
    if origin is tuple:
        return [_of(arguments[0], path, mark)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return filled(annotation, f"{mark}x")
    if annotation is str:
        return planted(mark)
    raise Uncovered(f"{path} has no canary, and no list says that it may be seen.")


def _richest(arguments: tuple[Any, ...]) -> Any:
    """The member of a union that can hold most: a model before a text."""
    return min(arguments, key=lambda one: (one is type(None), not _is_model(one)))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
