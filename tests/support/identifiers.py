"""Under which identifier a party outside knows what it was asked for, by kind of effect: what no retry may change."""

from collections.abc import Callable, Mapping
from typing import Any

from services.intake.domain import request_id
from services.scheduling.gateways import visit_id
from shared.effects.protocol import EffectRecord, id_of

Named = Callable[[str, Any, EffectRecord], str]
"""The identifier, by the document's id, its state and the effect's record."""
IDENTIFIERS: Mapping[str, Named] = {
    "submission": lambda id_, _, record: id_of(id_, record),
    "office_request": lambda id_, _, record: id_of(id_, record),
    "appointment": lambda id_, _, record: visit_id(id_, record.revision),
    "information_request": lambda id_, _, record: request_id(id_, record.revision),
    "report": lambda _, state, record: state.reports[record.revision - 1].report_id,
}
