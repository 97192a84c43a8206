"""A referral from the order to the closed loop: what may happen to it, and what follows. No I/O, no clock."""

from services.intake.domain.allowed import allowed
from services.intake.domain.commands import (
    AcknowledgeReport,
    CancelReferral,
    ChoosePathway,
    CloseReferral,
    HoldForVisit,
    HoldReferral,
    MatchReport,
    NoteChoice,
    ReceiveReferral,
    RecordReport,
    RecordVisit,
    RedirectOrder,
    ReleaseVisit,
    ResumeReferral,
    ReviewOrder,
    ReviseOrder,
    RevokeOrder,
    SupplyInformation,
)
from services.intake.domain.decide import decide
from services.intake.domain.duties import EHR, INFORMATION_REQUEST, REPORT, next_due, tasks, wanted_effects
from services.intake.domain.evolve import evolve
from services.intake.domain.parties import may_place_under, placed_by, put_to
from services.intake.domain.receiving import request_id
from services.intake.domain.state import INITIAL, Absent, Chosen, Redirect, Referral, State, Terms

__all__ = [
    "EHR",
    "INFORMATION_REQUEST",
    "INITIAL",
    "REPORT",
    "Absent",
    "AcknowledgeReport",
    "CancelReferral",
    "ChoosePathway",
    "Chosen",
    "CloseReferral",
    "HoldForVisit",
    "HoldReferral",
    "MatchReport",
    "NoteChoice",
    "ReceiveReferral",
    "RecordReport",
    "RecordVisit",
    "Redirect",
    "RedirectOrder",
    "Referral",
    "ReleaseVisit",
    "ResumeReferral",
    "ReviewOrder",
    "ReviseOrder",
    "RevokeOrder",
    "State",
    "SupplyInformation",
    "Terms",
    "allowed",
    "decide",
    "evolve",
    "may_place_under",
    "next_due",
    "placed_by",
    "put_to",
    "request_id",
    "tasks",
    "wanted_effects",
]
