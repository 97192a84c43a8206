"""Authorization verifies coverage, submits prior authorization requests, and applies payers' decisions."""
