"""Addresses that we give away: each has a part that only whom we gave it to can know, for one act about one object.

It is asked for beside the caller's token, never instead of it. It stands in the query, which is neither logged nor
measured; whoever lacks it is answered as if there were no such object.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Query, Request

from shared.contracts.language import tenant_of
from shared.sealing import Keyring

PARAMETER: Final = "capability"
Shown = Annotated[
    str | None,
    Query(alias=PARAMETER, description="Part of the address as it was given to a program; people need none."),
]
"""As a parameter of a route."""


def shown_in(request: Request) -> str | None:
    """The capability in the address that was called; None when there is none."""
    return request.query_params.get(PARAMETER)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities under the tenants' keys of one audience: who has that key can make and check them."""

    keyring: Keyring
    audience: str

    def address(self, url: str, act: str, about: str, holder: str) -> str:
        """The address at which this holder may do this about that object of ours."""
        return f"{url}?{PARAMETER}={self.keyring.capability(tenant_of(about), self.audience, act, about, holder)}"

    def is_one(self, shown: str, act: str, about: str, holder: str) -> bool:
        """Whether this was given to this holder, for this. Of a tenant without keys, nothing was."""
        return self.keyring.is_capability(shown, tenant_of(about), self.audience, act, about, holder)
