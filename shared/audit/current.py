"""What is learned of the request or call in progress, by whoever learns it: who asks, about what, which seals open.

It goes by a context variable, since a seal knows no request. What runs on after its request has a context of its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from shared.audit.record import Opened

MOST: Final = 200
"""Referrals and seals that one record names: a message of more orders is refused at its door."""


@dataclass(slots=True)
class Access:
    """One request or call, as far as it is known by now."""

    tenant: str = ""
    subject: str = ""
    roles: frozenset[str] = frozenset()
    client: str = ""
    party: str = ""
    purpose: str = ""
    recipient: str = ""
    patients: set[str] = field(default_factory=set)
    referrals: list[str] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)

    @property
    def is_by_somebody(self) -> bool:
        """Whether the caller is known."""
        return bool(self.subject)

    @property
    def patient_ref(self) -> str:
        """The patient whom all of it is about; none where there are several: these are found by their referrals."""
        return next(iter(self.patients)) if len(self.patients) == 1 else ""


_current: ContextVar[Access | None] = ContextVar("access", default=None)


@contextmanager
def observed() -> Iterator[Access]:
    """Learn of what is done inside."""
    access = Access()
    token = _current.set(access)
    try:
        yield access
    finally:
        _current.reset(token)


def by(subject: str, *, tenant: str = "", roles: Iterable[str] = (), client: str = "", party: str = "") -> None:
    """Say who asks."""
    if access := _current.get():
        access.subject, access.tenant, access.client, access.party = subject, tenant, client, party
        access.roles = frozenset(roles)


def for_purpose(purpose: str) -> None:
    """Say what for: the permission that is used."""
    if access := _current.get():
        access.purpose = purpose


def about(referral_id: str, patient_ref: str = "") -> None:
    """Say of which referral, and of whom where that is known. Only ids of ours may come here.

    One of another tenant than the caller's is left out: whoever reads the record must not learn it there.
    """
    access = _current.get()
    if access is None:
        return
    if patient_ref:
        access.patients.add(patient_ref)
    is_own = not access.tenant or referral_id.startswith(f"{access.tenant}-")
    if referral_id and is_own and referral_id not in access.referrals and len(access.referrals) < MOST:
        access.referrals.append(referral_id)


def to(recipient: str) -> None:
    """Say who is sent something: a kind of party and its id of the register."""
    if access := _current.get():
        access.recipient = recipient


def opened(seal: Opened) -> bool:
    """Say which seal was opened; whether that is part of a request or call."""
    access = _current.get()
    if access is None:
        return False
    if seal not in access.opened and len(access.opened) < MOST:
        access.opened.append(seal)
    return True
