"""Every fact of a domain is folded: one that nobody folds would be a KeyError at run time, which parks a referral.

Notifications and tracking fold by `match`, where the type check finds a case that is missing.
"""

from importlib import import_module
from typing import Any, get_args

import pytest

FACTS = {"intake": "IntakeFact", "authorization": "CaseFact", "scheduling": "PlacementFact"}
BEFORE_THE_TABLE = {"intake": {"ReferralReceived", "OrderRedirected"}}
"""Facts that a referral begins with: folded on a state that has nothing yet."""


@pytest.mark.parametrize(("service", "union"), FACTS.items())
def test_the_table_of_folds_has_every_fact_and_no_other(service: str, union: str) -> None:
    """As the union says."""
    domain: Any = f"services.{service}.domain"
    known = {fact.__name__ for fact in get_args(getattr(import_module(f"{domain}.facts"), union))}
    folded = {fact.__name__ for fact in import_module(f"{domain}.evolve")._FOLDS}  # noqa: SLF001 - what is held

    assert known == folded | BEFORE_THE_TABLE.get(service, set())
