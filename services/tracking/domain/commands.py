"""The commands of a track: one for every consumed fact, and three for people."""

from dataclasses import dataclass

from services.tracking.domain.state import NoteCode
from shared.contracts.envelope import Envelope
from shared.contracts.language import Command, Fact


@dataclass(frozen=True, kw_only=True)
class RecordEnvelope(Command):
    """A service told a fact. `value` is its data, byte for byte as it came."""

    envelope: Envelope
    fact: Fact
    value: bytes


@dataclass(frozen=True, kw_only=True)
class AssignReferral(Command):
    """A person takes the referral on."""


@dataclass(frozen=True, kw_only=True)
class ReleaseReferral(Command):
    """A person gives it back. A team lead may give it back for others."""

    by_lead: bool = False


@dataclass(frozen=True, kw_only=True)
class AddNote(Command):
    """A person records a note."""

    code: NoteCode
