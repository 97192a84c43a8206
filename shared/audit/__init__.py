"""Access records: who looked at what, did what or was sent what, why, when, from where, and whether it was let through.

They are data of the product, never logs, and hold no patient data: ids, roles, routes, kinds of seals, purposes.
"""

from shared.audit.calls import RecordedGateway
from shared.audit.chain import Broken, Head, broken, linked, start_of
from shared.audit.current import Access, about, by, for_purpose, observed, to
from shared.audit.record import FORM, AccessRecord, Opened, Outcome
from shared.audit.recorder import Recorder
from shared.audit.rows import Rows

__all__ = [
    "FORM",
    "Access",
    "AccessRecord",
    "Broken",
    "Head",
    "Opened",
    "Outcome",
    "RecordedGateway",
    "Recorder",
    "Rows",
    "about",
    "broken",
    "by",
    "for_purpose",
    "linked",
    "observed",
    "start_of",
    "to",
]
