"""Access records: who looked at what, did what or was sent what, why, when, from where, and whether it was let through.

They are data of the product, never logs, and hold no patient data: ids, roles, routes, kinds of seals, purposes.
"""

from shared.audit.calls import RecordedGateway
from shared.audit.chain import Broken, Head, broken, linked, start_of
from shared.audit.current import Access, about, by, for_purpose, observed, to
from shared.audit.forwarding import Forwarder, Keeper
from shared.audit.heads import Signer, Unsigned, public_keys, signed_head
from shared.audit.record import FORM, AccessRecord, Opened, Outcome
from shared.audit.recorder import RECORD_INDEXES, Recorder
from shared.audit.rows import Rows
from shared.audit.verifying import Verified, verify, verify_ledger

__all__ = [
    "FORM",
    "RECORD_INDEXES",
    "Access",
    "AccessRecord",
    "Broken",
    "Forwarder",
    "Head",
    "Keeper",
    "Opened",
    "Outcome",
    "RecordedGateway",
    "Recorder",
    "Rows",
    "Signer",
    "Unsigned",
    "Verified",
    "about",
    "broken",
    "by",
    "for_purpose",
    "linked",
    "observed",
    "public_keys",
    "signed_head",
    "start_of",
    "to",
    "verify",
    "verify_ledger",
]
