"""The published language: what services publish to one another, and the words that facts are made of. No I/O."""
