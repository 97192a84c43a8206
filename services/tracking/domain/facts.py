"""The facts of a track. All are private: tracking publishes nothing."""

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.state import NoteCode
from shared.contracts.envelope import Envelope
from shared.contracts.language import Fact


@dataclass(frozen=True)
class Recorded:
    """A fact entered the ledger behind `prev`; `hash` binds it to everything that its service told before."""

    envelope: Envelope
    fact: Fact
    value: bytes
    prev: str
    hash: str


@dataclass(frozen=True)
class Assigned:
    """A person took the referral on."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Released:
    """The referral was given back."""


@dataclass(frozen=True)
class Noted:
    """A person recorded a note."""

    code: NoteCode
    by: str
    at: datetime


ProjectionFact = Recorded | Assigned | Released | Noted
