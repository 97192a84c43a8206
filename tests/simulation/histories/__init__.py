"""Histories: the five services side by side, and whatever may happen to them, step by step, drawn by Hypothesis."""
