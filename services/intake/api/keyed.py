"""Makes keyed references: equal values give equal references, and nothing else can be learnt from them.

They stand unsealed in place of data about people and plans. Each begins with its tenant, as every id does (ADR 7); a
letter says which kind it is, and a number before a `k` by which key. A search compares those of all live keys.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.domain.order import Identifier, Requester
from shared.contracts.sealed import Policy
from shared.sealing import Keyring

_INDEX_CHARS: Final = 26


@dataclass(frozen=True)
class Keyed:
    """Makes the references of one tenant."""

    keyring: Keyring
    tenant: str

    def patients(self, mrn: Identifier) -> tuple[str, ...]:
        """The patient of a source system, by each live key; first the reference to keep."""
        return self._refs("p", "mrn", mrn.system, mrn.value)

    def number_systems(self, number: Identifier) -> tuple[str, ...]:
        """Which issuer of order numbers this number comes from, by each live key."""
        return self._refs("s", "order-numbers", number.system)

    def requester(self, requester: Requester | None) -> str | None:
        """The ordering clinician, by NPI; None where it is not said."""
        return self._ref("r", "npi", requester.npi) if requester and requester.npi else None

    def organization(self, requester: Requester | None) -> str | None:
        """The ordering practice, by its name; None where no practice is named."""
        name = requester.organization if requester else None
        return self._ref("o", "organization", _name(name)) if name else None

    def network(self, policies: Sequence[Policy]) -> str | None:
        """The policy that pays first, by its name and its payer's; None without a policy."""
        first = min(policies, key=lambda policy: policy.rank, default=None)
        return self._ref("n", "plan", _name(first.payer_name), _name(first.plan or "")) if first else None

    def _ref(self, letter: str, *parts: str) -> str:
        return self._refs(letter, *parts)[0]

    def _refs(self, letter: str, *parts: str) -> tuple[str, ...]:
        indexes = self.keyring.blind_indexes(self.tenant, json.dumps(parts))
        return tuple(f"{self.tenant}-{letter}{index[:_INDEX_CHARS]}" for index in indexes)


def _name(text: str) -> str:
    """Names are the same without regard to case and spaces."""
    return " ".join(text.casefold().split())
