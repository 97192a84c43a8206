"""The only room that speaks to MongoDB's driver: documents, rows, queries and the database's clock.

Motor is past its maker's end of life; moving to PyMongo's own async API means changing this folder (see the ADR).
"""

from shared.mongo.clock import MongoClock
from shared.mongo.connection import connect, is_up
from shared.mongo.rows import MongoRows
from shared.mongo.store import MongoStore

__all__ = ["MongoClock", "MongoRows", "MongoStore", "connect", "is_up"]
