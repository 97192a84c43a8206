"""Tracking records every fact and shows every referral: ledger, timeline, worklist and console."""
