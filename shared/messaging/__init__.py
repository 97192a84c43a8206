"""Publishing and consuming: outbox, consumer, inbox, and the records that cannot be applied yet."""
