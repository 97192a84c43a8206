"""What may be asked of a track: one command for everything that is heard, and three for people."""

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
    """Somebody takes the referral on."""


@dataclass(frozen=True, kw_only=True)
class ReleaseReferral(Command):
    """Somebody gives it back. Whoever leads the team may give back for others."""

    by_lead: bool = False


@dataclass(frozen=True, kw_only=True)
class AddNote(Command):
    """Somebody writes down what was done."""

    code: NoteCode
