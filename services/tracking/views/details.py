"""What a single fact says beyond its sentence, as labels and texts. Ids that only programs use are left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tracking.views.labels import plain, short

_FOR_PROGRAMS = frozenset(
    (
        *("patient_ref", "case_id", "check_id", "request_id", "message_id", "contact_id", "offer_id", "about"),
        *("pathway_version", "rule_version", "site_ref", "valid_on", "parent", "authored_at"),
        *("rank", "choice", "case_item", "requester_ref", "organization_ref", "network_ref"),
    )
)
_INSTANTS = ("_at", "_until", "needed_by", "searched_to")
_REFERENCES = ("_ref", "_id", "pathway")


def details(said: Mapping[str, Any]) -> tuple[tuple[str, str | datetime], ...]:
    """Labels with a text or an instant, in the order in which the fact says them."""
    return tuple((_label(name), _value(name, value)) for name, value in said.items() if _is_telling(name, value))


def _is_telling(name: str, value: Any) -> bool:
    return name not in _FOR_PROGRAMS and value not in (None, [], "")


def _label(name: str) -> str:
    return plain(name.removesuffix("_at").removesuffix("_ref").removesuffix("_id"))


def _value(name: str, value: Any) -> str | datetime:
    is_instant = isinstance(value, str) and name.endswith(_INSTANTS)
    return datetime.fromisoformat(value) if is_instant else _text(name, value)


def _text(name: str, value: Any) -> str:
    match value:
        case str() if name.endswith(_REFERENCES):
            return short(value)
        case str():
            return value if name == "payer" else plain(value)
        case {"window": {"start": start, "end": end}, "units": units}:
            return f"{start} to {end}, units: {units}"
        case {"id": who}:
            return str(who)
        case list():
            return "; ".join(_text("", item) for item in value)
    return str(value)
