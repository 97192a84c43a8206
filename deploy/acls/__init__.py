"""Who may do what on the broker, derived from what the services are: one principal each, and no more than it needs.

Nothing is written down by hand here, so a service that begins to listen to another has its row by itself. Nothing is
applied either: an installation's administrator does that, with the broker's own tool (docs/kafka.md).
"""

from deploy.acls.commands import commands
from deploy.acls.grants import Binding, Grant, Impersonated, Prefixes, bindings, grants

__all__ = ["Binding", "Grant", "Impersonated", "Prefixes", "bindings", "commands", "grants"]
