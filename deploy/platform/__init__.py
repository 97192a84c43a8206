"""What every platform needs, on a laptop, in containers or in production: its topics, keys, parties and addresses.

Nothing is started here, and nothing of `deploy.local` may enter: production commands import this room.
"""
