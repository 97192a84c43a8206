"""Access records: who looked at what, did what or was sent what, why, when, from where, and whether it was let through.

They are data of the product, never logs, and hold no patient data: ids, roles, routes, kinds of seals, purposes.
"""

from shared.audit.chain import Broken, Head, broken, linked, start_of
from shared.audit.record import FORM, AccessRecord, Opened, Outcome

__all__ = ["FORM", "AccessRecord", "Broken", "Head", "Opened", "Outcome", "broken", "linked", "start_of"]
