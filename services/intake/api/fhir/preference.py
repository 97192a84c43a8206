"""Reads what the sender prefers for orders with warnings: lenient or strict (R4 http.html#prefer, RFC 7240)."""

from collections.abc import Iterable
from dataclasses import replace

from services.intake.api.fhir.order import Asked


def is_strict(headers: Iterable[str]) -> bool:
    """Whether `Prefer: handling=strict` was sent: then a warning is reason enough to refuse. Lenient otherwise."""
    preferences = (preference for header in headers for preference in header.split(","))
    return any(preference.partition(";")[0].replace(" ", "").lower() == "handling=strict" for preference in preferences)


def refusing_what_is_odd(asked: Asked) -> Asked:
    """An order without warnings is returned as it is; one with warnings is refused."""
    if not asked.warnings:
        return asked
    return replace(asked, instruction=None, warnings=(), flaws=(*asked.flaws, *asked.warnings))
