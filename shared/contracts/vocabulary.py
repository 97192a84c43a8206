"""How a published word of a list is read: open vocabularies, and which two are closed.

A vocabulary is open if the field will widen it, and a reader that does not know a new word can still do right: it
keeps the word as it came and treats it as "other". It is closed only if a standard or a regulation closes it and each
word orders work or sets a clock, so that a reader could but guess: `Priority` (FHIR request-priority, a required
binding) and `Urgency` (CMS-0057-F). Writers are held to the words of today by the type checker in both cases, and so
are people and systems at our doors: `Open` belongs on facts, and on what readers keep of them, never on a request.

In JSON Schema an open vocabulary is a string with `x-extensible-enum` (Zalando RESTful API Guidelines, rule 112).
"""

from typing import Annotated, TypeVar, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

MARK = "x-extensible-enum"
"""The words known today; readers expect others."""


class _OpenVocabulary:
    """Reads any text where a Literal stands, and publishes its words as examples of what may come."""

    def __get_pydantic_core_schema__(self, source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(metadata={"pydantic_js_updates": {MARK: list(get_args(source))}})


_Words = TypeVar("_Words")
Open = Annotated[_Words, _OpenVocabulary()]
"""`Open[Owner]`: one of `Owner` for whoever writes it, any text for whoever reads it. Match it with a last `case _`."""
