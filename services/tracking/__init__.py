"""Where every referral stands: the ledger, the timeline, the worklist and the console."""
