"""JSON in which every name stands once in its object: two readers of one document must not read two things.

RFC 8259 §4 leaves open what a repeated name means, and FHIR forbids it (R4 json.html). What is wrong is said at its
place, by names that the schema knows: any other could be data.
"""

import json
from collections.abc import Collection
from typing import Final

from shared.web.flaws import Flaw
from shared.web.problems import Malformed

_CODE: Final = "duplicate_name"


def parsed(raw: bytes, known_names: Collection[str], root: str = "") -> object:
    """The document in UTF-8. Raises Malformed (400) when it is not JSON, or names something twice in one object.

    `root` is what pointers begin with, for documents whose pointers name what they are.
    """
    doubled: list[object] = []

    def object_of(members: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(members)
        if len(made) != len(members):
            doubled.append(made)
        return made

    try:
        document = json.loads(raw.decode(), object_pairs_hook=object_of)
    except (ValueError, RecursionError):
        raise not_json() from None
    if doubled:
        place = _place_of(doubled[0], document, known_names)
        flaw = Flaw(f"{root}{place}", _CODE, "holds a name twice")
        raise Malformed(400, _CODE, "The body names something twice in one object.", (flaw,))
    return document


def not_json() -> Malformed:
    """The refusal of what is no JSON."""
    return Malformed(400, "not_json", "The body is not JSON in UTF-8.")


def _place_of(wanted: object, document: object, known_names: Collection[str]) -> str:
    """Where an object stands, as far as the names on the way may be repeated. What a repeated name hid has no place."""
    waiting: list[tuple[object, str, bool]] = [(document, "", True)]
    while waiting:
        here, pointer, may_name = waiting.pop()
        if here is wanted:
            return pointer
        for step, inner in _members(here):
            is_known = may_name and (isinstance(step, int) or step in known_names)
            waiting.append((inner, f"{pointer}/{step}" if is_known else pointer, is_known))
    return ""


def _members(here: object) -> list[tuple[int | str, object]]:
    if isinstance(here, dict):
        return list(here.items())
    return list(enumerate(here)) if isinstance(here, list) else []
