"""Intake: takes a referral in, makes it complete, and does not let go of it until it is closed."""
