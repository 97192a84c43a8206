"""What the patient is told: what to say, to whom, how, and when it is lawful."""
