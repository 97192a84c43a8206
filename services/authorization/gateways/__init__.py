"""Calls payers. Seals are opened here, at the moment of use, for the payer alone."""

from services.authorization.gateways.answers import PayerAnswer, PayerMessage, recorded, sealed_reference
from services.authorization.gateways.eligibility import EligibilityChecks
from services.authorization.gateways.payer_client import Callbacks, Payers
from services.authorization.gateways.submissions import Submissions

__all__ = [
    "Callbacks",
    "EligibilityChecks",
    "PayerAnswer",
    "PayerMessage",
    "Payers",
    "Submissions",
    "recorded",
    "sealed_reference",
]
