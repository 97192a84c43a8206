"""The published language, held against what was approved."""
