"""Scheduling chooses the provider and books the visit. One placement per referral; one calendar day per resource."""
