"""Kafka and MongoDB on this machine, with containers or without, and our own programs beside them."""
