"""May the visit go ahead as far as the payer is concerned? No clock, no store, no network."""

from services.authorization.domain.commands import (
    AdoptProvider,
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
    ResubmitRequest,
    ResumeCase,
    StartCase,
    TakeInformation,
    TakePathway,
    UseAuthorization,
)
from services.authorization.domain.deadlines import local_date
from services.authorization.domain.decide import decide
from services.authorization.domain.evolve import evolve
from services.authorization.domain.payers import Clock, Payer, PayerDirectory, PolicyOnFile
from services.authorization.domain.people import allowed
from services.authorization.domain.state import ELIGIBILITY, INITIAL, SUBMISSION, Case, Provider
from services.authorization.domain.steps import Situation, next_due, owed, situation, tasks

__all__ = [
    "ELIGIBILITY",
    "INITIAL",
    "SUBMISSION",
    "AdoptProvider",
    "Case",
    "Clock",
    "ConfirmWithdrawal",
    "ContinueSelfPay",
    "CorrectCoverage",
    "CoverageOnFile",
    "EndCase",
    "HoldCase",
    "OpenCase",
    "OverrideAuthorization",
    "Payer",
    "PayerDirectory",
    "PolicyOnFile",
    "Provider",
    "RecordDecision",
    "RecordEligibility",
    "RecordPayerAnswer",
    "ResubmitRequest",
    "ResumeCase",
    "Situation",
    "StartCase",
    "TakeInformation",
    "TakePathway",
    "UseAuthorization",
    "allowed",
    "decide",
    "evolve",
    "local_date",
    "next_due",
    "owed",
    "situation",
    "tasks",
]
