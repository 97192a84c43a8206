"""Reads what is left of a run, from databases, topics, simulators and logs, without asking any service."""

from tests.chaos.reading.databases import MAIN, database, wait_for_rest
from tests.chaos.reading.logs import log_lines
from tests.chaos.reading.topics import records

__all__ = ["MAIN", "database", "log_lines", "records", "wait_for_rest"]
