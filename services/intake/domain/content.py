"""What an order says, in one form: trifles do not make another order of it, and a real change has a name.

Not counted: blanks, letter case of names and addresses of e-mail, Unicode's normal forms (UAX 15: NFC), the order of
lists, other names of the order itself, and texts beside a code or number that says the same.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.intake.domain.order import ClinicalWithOrigin, Order
from shared.contracts.intake import Item
from shared.contracts.language import Audience
from shared.contracts.sealed import Contact, Content, CoverageDetails, Logistics

FORM: Final = "v2:"
"""The prefix of fingerprints of this form: a later form must not make every resent order a changed one."""

_CASELESS: Final = frozenset({"given", "family", "payer_name", "plan", "name", "organization", "email", "language"})
MODELS: Final[Mapping[Audience, type[Content]]] = {
    "contact": Contact,
    "clinical": ClinicalWithOrigin,
    "coverage": CoverageDetails,
    "logistics": Logistics,
}
"""The groups of patient data, as each is sealed for its audience."""
_DOES_NOT_COUNT: Final = frozenset({"timezone", "timezones", "may_text", "particulars", "order"})
"""Elements that are derived from others or repeat them, and names of the order."""
_ELEMENTS: Final[Mapping[Audience, tuple[str, ...]]] = {
    group: tuple(name for name in model.model_fields if name not in _DOES_NOT_COUNT) for group, model in MODELS.items()
}
"""The elements that count in each group of patient data."""
TERMS: Final = ("priority", "authored_at", "needed_by", "not_before", "expires_at")
"""The elements that count outside the groups of patient data."""
ITEMS: Final[Mapping[Item, tuple[Audience, tuple[str, ...]]]] = {
    "diagnosis": ("clinical", ("diagnoses",)),
    "contact": ("contact", ("phone", "email", "phone_extension", "phone_of")),
    "coverage": ("coverage", ("policies",)),
    "requester": ("clinical", ("requester",)),
    "service": ("clinical", ("service",)),
    "name": ("contact", ("given", "family")),
    "birth_date": ("contact", ("birth_date",)),
}
"""Where an item that can be asked for stands."""


def content(order: Order) -> bytes:
    """The content that is equal when the same order is sent twice."""
    groups = {str(name): _counted(name, group) for name, group in groups_of(order).items()}
    terms = {name: value for name in TERMS if (value := getattr(order, name)) is not None}
    said = {**groups, **terms, "is_self_pay": order.is_self_pay}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=_text, ensure_ascii=False).encode()


def groups_of(order: Order) -> dict[Audience, Content]:
    """The groups of patient data, as they are sealed."""
    groups: dict[Audience, Content] = {
        "contact": order.contact,
        "clinical": order.clinical,
        "logistics": order.wishes,
    }
    if "coverage" in order.provided:
        groups["coverage"] = order.coverage
    return groups


def elements_that_differ(
    kept: Mapping[Audience, Content], come: Mapping[Audience, Content]
) -> Iterator[tuple[Audience, str]]:
    """Group and element of everything that is not the same."""
    for group, names in _ELEMENTS.items():
        before, now = (_counted(group, side[group]) if group in side else {} for side in (kept, come))
        for name in names:
            if before.get(name) != now.get(name):
                yield group, name


def _counted(group: Audience, content_: Content) -> dict[str, Any]:
    """The elements that count, without what is empty: a field that a later release adds makes no other order."""
    found = content_.model_dump(mode="json", include=set(_ELEMENTS[group]), exclude_none=True)
    plain = {name: _plain(name, value) for name, value in found.items()}
    return {name: value for name, value in plain.items() if value not in ([], "", {})}


def _plain(name: str, value: Any) -> Any:
    match value:
        case str():
            text = " ".join(unicodedata.normalize("NFC", value).split())
            return unicodedata.normalize("NFC", text.casefold()) if name in _CASELESS else text
        case dict():
            return {key: _plain(key, each) for key, each in _without_texts(value).items() if each is not None}
        case list():
            plain = [_plain(name, each) for each in value]
            return sorted(plain, key=_in_order) if len(plain) > 1 else plain
    return value


def _in_order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _without_texts(value: dict[str, Any]) -> dict[str, Any]:
    """A code or number without the words beside it."""
    if value.get("code") and value.get("system"):
        return {key: each for key, each in value.items() if key != "text" or value["code"] in _TEXT_ALONE}
    if value.get("npi"):
        return {"npi": value["npi"]}
    return value


_TEXT_ALONE: Final = frozenset({"as-text", "unknown"})
"""Codes that stand for what only the text beside them says."""


def _text(value: Any) -> str:
    return str(value.isoformat())
