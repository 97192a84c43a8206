"""The outside world, played: payers, an SMS gateway, a mail server, specialists' offices and referring EHRs."""
