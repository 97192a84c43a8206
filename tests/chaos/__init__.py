"""Throughline under kill -9 and SIGSTOP: two replicas of each service, the broker and the database, under load."""
