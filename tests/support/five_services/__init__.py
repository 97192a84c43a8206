"""The five services as their apps make them, in memory: what they consist of, their keys, and how they start.

No test, no story and nothing of the outside may enter here.
"""
