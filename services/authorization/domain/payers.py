"""The payers and their deadlines. The list is configuration and is handed in."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from shared.contracts.authorization import Line, Urgency
from shared.contracts.language import Word
from shared.contracts.sealed import CoverageDetails

Alias = Callable[[str], str]
"""The characters of an alias: hexadecimal digits, from which nothing can be learnt."""

_ALIASED: Final = re.compile(r"unlisted-[0-9a-f]{16}")
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


class PayerClock(Word):
    """How long a payer may take. Hours elapse; days are counted where the payer is."""

    count: int = Field(ge=1, le=366)
    unit: Literal["hours", "calendar_days", "business_days"]


class Payer(Word):
    """A payer and its clocks. `zone` is the IANA zone in which its days are counted."""

    id: str
    line: Line
    zone: str
    standard: PayerClock
    expedited: PayerClock

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, OSError) as error:
            raise ValueError("The zone must be one of the IANA time zone database.") from error
        return zone

    def clock(self, urgency: Urgency) -> PayerClock:
        """The clock of its decision."""
        return self.standard if urgency == "standard" else self.expedited


class Listed(Payer):
    """A payer that is known by one or more names."""

    names: tuple[str, ...]


class Defaults(Word):
    """The deadlines of an unlisted payer (CMS-0057-F: 72 hours expedited, 7 calendar days standard)."""

    line: Line
    zone: str
    standard: PayerClock
    expedited: PayerClock


class PolicyOnFile(Word):
    """The data of a policy that may be kept outside its seal."""

    rank: int
    payer: Payer
    has_member_id: bool


class PayerDirectory(Word):
    """The list of payers. Coverage often names its payer only by a display text."""

    defaults: Defaults
    payers: tuple[Listed, ...]

    def named(self, name: str, alias: Alias) -> Payer:
        """The payer of that name or id; an unlisted one becomes a payer of its own with default clocks.

        What it is called came from a seal, where people write anything: its id is an alias.
        """
        slug = _slug(name)
        for listed in self.payers:
            if slug == listed.id or slug in map(_slug, listed.names):
                return Payer(**listed.model_dump(exclude={"names"}))
        id_ = slug if _ALIASED.fullmatch(slug) else f"unlisted-{alias(slug)}"
        return Payer(id=id_ if slug else "unknown", **self.defaults.model_dump())

    def policies(self, coverage: CoverageDetails, alias: Alias) -> tuple[PolicyOnFile, ...]:
        """The policies in the order in which they pay."""
        return tuple(
            PolicyOnFile(
                rank=policy.rank, payer=self.named(policy.payer_name, alias), has_member_id=bool(policy.member_id)
            )
            for policy in sorted(coverage.policies, key=lambda policy: policy.rank)
        )


def _slug(name: str) -> str:
    """Equal for names that differ only in case, accents, spacing or punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return _SEPARATORS.sub("-", plain).strip("-")
