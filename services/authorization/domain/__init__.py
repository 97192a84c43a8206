"""Decides whether the visit may take place as far as the payer is concerned. No clock, no store, no network."""

from services.authorization.domain.commands import (
    AdoptProvider,
    ConfirmRecordsSent,
    ConfirmWithdrawal,
    ContinueSelfPay,
    CorrectCoverage,
    CoverageOnFile,
    EndCase,
    HoldCase,
    OpenCase,
    OverrideAuthorization,
    RecordDecision,
    RecordEligibility,
    RecordPayerAnswer,
    RecordPeerToPeer,
    ResubmitRequest,
    ResumeCase,
    StartCase,
    TakeInformation,
    TakePathway,
    UseAuthorization,
    VerifyCoverage,
)
from services.authorization.domain.deadlines import local_date
from services.authorization.domain.decide import decide
from services.authorization.domain.decide_people import allowed
from services.authorization.domain.duties import Status, next_due, status, tasks, wanted_effects
from services.authorization.domain.evolve import evolve
from services.authorization.domain.payers import Payer, PayerClock, PayerDirectory, PolicyOnFile
from services.authorization.domain.state import ELIGIBILITY, INITIAL, SUBMISSION, Case, Provider

__all__ = [
    "ELIGIBILITY",
    "INITIAL",
    "SUBMISSION",
    "AdoptProvider",
    "Case",
    "ConfirmRecordsSent",
    "ConfirmWithdrawal",
    "ContinueSelfPay",
    "CorrectCoverage",
    "CoverageOnFile",
    "EndCase",
    "HoldCase",
    "OpenCase",
    "OverrideAuthorization",
    "Payer",
    "PayerClock",
    "PayerDirectory",
    "PolicyOnFile",
    "Provider",
    "RecordDecision",
    "RecordEligibility",
    "RecordPayerAnswer",
    "RecordPeerToPeer",
    "ResubmitRequest",
    "ResumeCase",
    "StartCase",
    "Status",
    "TakeInformation",
    "TakePathway",
    "UseAuthorization",
    "VerifyCoverage",
    "allowed",
    "decide",
    "evolve",
    "local_date",
    "next_due",
    "status",
    "tasks",
    "wanted_effects",
]
