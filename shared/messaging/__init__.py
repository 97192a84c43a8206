"""Telling and hearing: the publisher, the consumer, and what cannot be taken in yet."""
