"""Who calls, for which tenant, and what that caller may do.

Nothing here knows what a command does: a policy is a table from its name to the roles that may send it, and whose
objects a role sees is a table too.
"""

from shared.identity.audiences import ACCESS_TOKEN, audience_of
from shared.identity.caller import Caller, Forbidden, Role, Unauthenticated
from shared.identity.limits import Limits, Rates, TooMany
from shared.identity.policy import (
    AccessPolicy,
    Guard,
    Permit,
    Session,
    Unguarded,
    assert_every_route_guarded,
    permissions,
    permit,
    put_on_record,
)
from shared.identity.verifier import FetchJwks, Verifier, fetch_over_http
from shared.identity.whose import WHOSE, Concerned, Proof, is_theirs

__all__ = [
    "ACCESS_TOKEN",
    "WHOSE",
    "AccessPolicy",
    "Caller",
    "Concerned",
    "FetchJwks",
    "Forbidden",
    "Guard",
    "Limits",
    "Permit",
    "Proof",
    "Rates",
    "Role",
    "Session",
    "TooMany",
    "Unauthenticated",
    "Unguarded",
    "Verifier",
    "assert_every_route_guarded",
    "audience_of",
    "fetch_over_http",
    "is_theirs",
    "permissions",
    "permit",
    "put_on_record",
]
