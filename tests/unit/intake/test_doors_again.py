"""Orders that come a second time, one pair of each kind that once reached nobody: what is answered to the second."""

import json
import re
from typing import Any, Final

import pytest

from tests.unit.intake.door_cases import shared_case
from tests.unit.intake.doors import Document, changed, plain, typed
from tests.unit.intake.running import Running
from tests.unit.intake.test_api_fhir import send, valid

REASONS: Final = [
    {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]} for code in ("I48.91", "I10")
]
NEW_NUMBER: Final = typed("PLAC", "CASE-33-NEW", "urn:example:cases")
OLD_NUMBER: Final = typed("PLAC", "CASE-33", "urn:example:cases")
BLANK: Final = [{"use": "official", "family": "QUILLON", "given": ["Marigold "]}]


def _without_coverage() -> Document:
    document = changed("34", {})
    del document["entry"][3]
    return document


PAIRS: Final[dict[str, tuple[Document, Document]]] = {
    "30-revoked-afterwards": (changed("30", {}), changed("30", {}, status="revoked")),
    "31-became-urgent": (changed("31", {}), changed("31", {}, priority="urgent")),
    "33-replaced-by-a-new-order": (
        changed("33", {}),
        changed("33", {}, identifier=[NEW_NUMBER], replaces=[{"identifier": OLD_NUMBER}]),
    ),
    "34-sent-again-with-what-was-asked-for": (_without_coverage(), changed("34", {})),
    "35-only-a-blank-or-the-order-of-reasons-differs": (
        changed("35", {}, reasonCode=REASONS),
        changed("35", {"Patient/p1": {"name": BLANK}}, reasonCode=REASONS[::-1]),
    ),
}
SAID: Final[dict[str, tuple[str, list[str], bool]]] = {
    "30-revoked-afterwards": ("revoked", [], False),
    "31-became-urgent": ("active", ["order-changed"], False),
    "33-replaced-by-a-new-order": ("active", [], False),
    "34-sent-again-with-what-was-asked-for": ("active", ["supplied"], False),
    "35-only-a-blank-or-the-order-of-reasons-differs": ("active", [], True),
}
"""Of the second: the order's status, its warnings, and whether it is the same as the first."""


def _pair(name: str, source: str) -> tuple[bytes, bytes]:
    """Both orders, written when the invented hospital begins its day."""
    if source == "ours":
        found = [json.dumps(document).encode() for document in PAIRS[name]]
    else:
        found = [shared_case(f"{name}.{n}") for n in (1, 2)]
    first, second = (re.sub(rb"2026-11-30T09:00:00-05:00", b"2026-04-06T09:00:00-04:00", raw) for raw in found)
    return first, second


@pytest.mark.parametrize("source", ["ours", "shared"])
@pytest.mark.parametrize("name", PAIRS)
async def test_the_second_reaches_somebody(intake: Running, name: str, source: str) -> None:
    """Nothing is refused, nothing is lost, and the answer says what became of it."""
    first, second = _pair(name, source)
    before: Any = await send(intake, first)
    answer: Any = await send(intake, second)

    told = valid(answer)
    warnings = [issue["details"]["text"] for outcome in told.get("contained", ()) for issue in outcome["issue"]]
    assert [202, 202] == [before.status_code, answer.status_code]
    assert (told["status"], warnings, "Idempotent-Replayed" in answer.headers) == SAID[name]
    is_another = name == "33-replaced-by-a-new-order"
    assert is_another == (valid(before)["id"] != told["id"])


def test_every_pair_has_its_own_number() -> None:
    """The cases do not meet."""
    assert len(PAIRS) == len({plain(name[:2])["ServiceRequest/sr1"]["identifier"][0]["value"] for name in PAIRS})
