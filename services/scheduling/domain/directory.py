"""The directory: which providers serve a pathway, where, and when they are open.

Values, checked when they are read. Names and addresses are here for the `visit` seal alone; facts carry opaque refs.
"""

from collections.abc import Mapping, Sequence
from datetime import time
from functools import cached_property
from hashlib import sha256
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.functional_validators import AfterValidator

from services.scheduling.domain.state import Candidate
from shared.contracts.language import Priority


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise ValueError("This is no IANA time zone.") from None
    return name


Weekday = Annotated[int, Field(ge=1, le=7)]


class Entry(BaseModel):
    """A value of the directory: frozen, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Entry):
    """A place. `timezone` is its IANA zone."""

    site_ref: str
    name: str
    address: str
    phone: str
    timezone: Annotated[str, AfterValidator(_known_zone)]

    @property
    def zone(self) -> ZoneInfo:
        """Its zone."""
        return ZoneInfo(self.timezone)


class ClinicSession(Entry):
    """Opening hours on these weekdays (ISO: Monday is 1), in the site's local time."""

    weekdays: frozenset[Weekday]
    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "ClinicSession":
        if self.opens >= self.closes:
            raise ValueError("A session opens before it closes; one over midnight is two.")
        return self


class Provider(Entry):
    """A provider: pathways, site and room, length of a visit, opening hours."""

    provider_ref: str
    name: str
    site_ref: str
    room_ref: str
    is_in_house: bool
    pathways: tuple[str, ...]
    visit_minutes: int = Field(ge=5, le=8 * 60)
    sessions: tuple[ClinicSession, ...]


class Directory(Entry):
    """The whole directory."""

    sites: tuple[Site, ...]
    providers: tuple[Provider, ...]

    @model_validator(mode="after")
    def _refs_hold(self) -> "Directory":
        sites = {site.site_ref for site in self.sites}
        providers = {provider.provider_ref for provider in self.providers}
        if len(sites) < len(self.sites) or len(providers) < len(self.providers):
            raise ValueError("A ref names one thing.")
        if any(provider.site_ref not in sites for provider in self.providers):
            raise ValueError("Every provider works at a site of the directory.")
        return self

    @cached_property
    def _sites(self) -> Mapping[str, Site]:
        return {site.site_ref: site for site in self.sites}

    @cached_property
    def _providers(self) -> Mapping[str, Provider]:
        return {provider.provider_ref: provider for provider in self.providers}

    @cached_property
    def _serving(self) -> Mapping[str, Sequence[Provider]]:
        serving: dict[str, list[Provider]] = {}
        for provider in self.providers:
            for pathway in provider.pathways:
                serving.setdefault(pathway, []).append(provider)
        return serving

    def provider(self, provider_ref: str) -> Provider | None:
        """The provider of that ref, if the directory still lists it."""
        return self._providers.get(provider_ref)

    def site_of(self, provider: Provider) -> Site:
        """Where the provider works."""
        return self._sites[provider.site_ref]

    def candidates(self, pathway: str, priority: Priority, referral_id: str) -> tuple[Candidate, ...]:
        """The providers that serve the pathway, best first. For STAT our own come first, because nobody must be asked.

        All others are spread by referral.
        """
        ranked = sorted(
            self._serving.get(pathway, ()),
            key=lambda p: (priority == "stat" and not p.is_in_house, _spread(referral_id, p.provider_ref)),
        )
        return tuple(candidate_of(provider) for provider in ranked)


def candidate_of(provider: Provider) -> Candidate:
    """The provider as a placement knows one."""
    return Candidate(provider.provider_ref, provider.site_ref, provider.is_in_house)


def _spread(referral_id: str, ref: str) -> bytes:
    return sha256(f"{referral_id}/{ref}".encode()).digest()
