"""Leave to treat: coverage, need, the payer's decision, and the clocks that run meanwhile."""
