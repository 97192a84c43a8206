"""Topics, keys, parties and addresses of every platform: on a laptop, in containers or in production.

Nothing is started here, and nothing of `deploy.local` may enter: production commands import this package.
"""
