"""The simulated outside world: payers, an SMS gateway, a mail server, specialists' offices and referring EHRs."""
