"""The published language: what services tell one another, and the words that facts are made of. No I/O."""
