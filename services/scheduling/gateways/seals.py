"""Seals the details of a visit for notifications: the one module where names and times are together."""

from services.scheduling.domain import Provider, Site, Slot
from shared.contracts.language import tenant_of
from shared.contracts.sealed import VisitDetails
from shared.sealing import Keyring


def sealed(keyring: Keyring, referral_id: str, slot: Slot, provider: Provider, site: Site) -> str:
    """The details of a visit in this slot, sealed for the audience `visit`; the start carries the site's offset."""
    details = VisitDetails(
        start=slot.starts_at.astimezone(site.zone),
        minutes=provider.visit_minutes,
        timezone=site.timezone,
        site_name=site.name,
        site_address=site.address,
        practitioner_name=provider.name,
        phone=site.phone,
    )
    return keyring.seal(tenant_of(referral_id), "visit", details, referral_id=referral_id)
