"""Intake receives orders, completes them, and follows each referral until it is closed."""
