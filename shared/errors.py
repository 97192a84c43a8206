"""How the system says no, and how it says that it cannot know.

Refusals carry a code and a fixed sentence: never a value that came in, since that could be patient data.
"""

UNUSABLE_FOR_S = 30
"""When to ask again for a document that cannot be used: somebody has to mend it, or to go on with an upgrade."""


class Rejected(Exception):
    """A command that the domain refuses. `code` is stable for programs, `message` is a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFound(Rejected):
    """There is no such object, or it belongs to another tenant: both get the same answer, character by character.

    Without arguments it speaks of a referral, since nothing else can be another tenant's and be asked for by its id.
    """

    def __init__(self, code: str = "not-found", message: str = "There is no such referral.") -> None:
        super().__init__(code, message)


class Conflict(Rejected):
    """The command contradicts what is already known, such as the same order number with other content."""


class Stale(Rejected):
    """The caller decided on a version that is no longer the newest (If-Match)."""


class Mismatched(Rejected):
    """The same Idempotency-Key came with another body."""


class Unreadable(Exception):
    """Input that does not follow its contract. `pointer` is a JSON pointer to the fault; `detail` quotes no input."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.detail = detail


class Busy(Exception):
    """Too much is queued, or too many writers compete: come back in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(f"Busy; retry after {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class Unavailable(Exception):
    """A dependency is down and nothing was done: come back in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int = 5) -> None:
        super().__init__(f"A dependency is unavailable; retry after {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class Refused(Unavailable):
    """The broker does not allow it, and nothing was done. Waiting does not help: somebody has to grant it.

    `what` is the topic or the group, if one is known.
    """

    def __init__(self, what: str = "") -> None:
        super().__init__()
        self.what = what


class Unusable(Unavailable):
    """A stored document that this program cannot use, while all others can be. Nothing was done.

    `reason` is a code: newer, undecodable, too-large, full or failed; `where` is the name of the field at fault, if
    one is known. It is as if a dependency were down for this one key: whoever asks may come back.
    """

    def __init__(self, key: str, reason: str, where: str = "") -> None:
        super().__init__(UNUSABLE_FOR_S)
        self.key = key
        self.reason = reason
        self.where = where

    @property
    def why(self) -> str:
        """The reason and the place, for an operator."""
        return f"{self.reason}:{self.where}" if self.where else self.reason


class Newer(Unusable):
    """A document that a newer program wrote. Only a program that knows its form may read it or write it."""

    def __init__(self, key: str) -> None:
        super().__init__(key, "newer")


class Unknown(Exception):
    """It may have happened and it may still happen. Neither success nor failure: look before acting again.

    `retry_after_s` is what another system asks for before it is looked at again.
    """

    def __init__(self, message: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
