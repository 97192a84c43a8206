"""Whose program calls, and what is a party's own: the register and the table, without any service."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.identity import WHOSE, Concerned, Proof, Role, is_theirs
from shared.identity.caller import ROLE_OF_KIND, Caller, caller_from
from shared.parties import Party
from tests.support.parties import PARTIES, client_of


def claims(client: str, *roles: str, **more: object) -> Mapping[str, object]:
    """Of a believed token."""
    return {"tenant": "demo", "sub": f"account-{client}", "client_id": client, "roles": list(roles), **more}


def seen(**token: Any) -> Caller:
    """The caller of a token."""
    return caller_from(token, PARTIES)


class TestCaller:
    @pytest.mark.parametrize("party", PARTIES.of("demo"), ids=lambda party: party.id)
    def test_is_what_its_client_is_registered_as(self, party: Party) -> None:
        """And nothing else that its token says, unless it is one of our own."""
        caller = seen(**claims(party.client_ids[0], "service", "coordinator", "payer", "internal"))
        own = {Role.COORDINATOR} if party.kind == "internal" else set()

        assert {ROLE_OF_KIND[party.kind]} | own == set(caller.roles)
        assert party == caller.party

    @pytest.mark.parametrize(
        "token",
        [
            claims("nobody-we-know", "service", "coordinator"),
            claims(client_of("other", "medicare"), "service"),
            claims("nobody-we-know", "lead", sub="nobody-we-know"),
            claims("demo-console", "payer", "office", "ehr", "internal"),
            claims("demo-console", "service", party="medicare", payer_id="medicare", azp="demo-console"),
        ],
        ids=["unregistered", "of another tenant", "unregistered, without saying so", "a role in name", "a claim"],
    )
    def test_may_do_nothing_unless_registered(self, token: Mapping[str, object]) -> None:
        """No claim makes a party."""
        caller = seen(**token)

        assert (frozenset(), None) == (caller.roles, caller.party)

    def test_is_of_an_office_where_the_office_lists_the_person(self) -> None:
        """For specialists alone: a payer's client id as a person's name is nothing."""
        offices = [
            seen(**claims("demo-console", role, sub=subject)).party
            for role, subject in (
                ("specialist", "fay.faraway"),
                ("coordinator", "fay.faraway"),
                ("specialist", "una.attached"),
                ("specialist", client_of("demo", "medicare")),
            )
        ]

        assert [PARTIES.named("demo", "office", "far"), None, None, None] == offices


FAR = PARTIES.named("demo", "office", "far")
MAIN = PARTIES.named("demo", "ehr", "main-ehr")
MEDICARE = PARTIES.named("demo", "payer", "medicare")
OTHERS = Concerned(ehr="second-ehr", providers=frozenset({"pr-near"}), payers=frozenset({"medicaid"}))
OWN = Concerned(ehr="main-ehr", providers=frozenset({"pr-near", "pr-late"}), payers=frozenset({"medicare"}))


class TestWhose:
    @pytest.mark.parametrize(
        ("role", "party", "concerned", "proof", "is_own"),
        [
            (Role.PAYER, MEDICARE, OWN, "not_needed", True),
            (Role.PAYER, MEDICARE, OTHERS, "held", False),
            (Role.OFFICE, FAR, OWN, "not_needed", True),
            (Role.OFFICE, FAR, OWN, "held", True),
            (Role.OFFICE, FAR, OWN, "missing", False),
            (Role.OFFICE, FAR, OTHERS, "held", False),
            (Role.OFFICE, FAR, Concerned(), "held", True),
            (Role.OFFICE, FAR, Concerned(), "not_needed", False),
            (Role.SPECIALIST, FAR, OWN, "missing", True),
            (Role.SPECIALIST, FAR, Concerned(), "missing", False),
            (Role.SPECIALIST, None, OWN, "not_needed", False),
            (Role.EHR, MAIN, OWN, "missing", True),
            (Role.EHR, MAIN, OTHERS, "held", False),
            (Role.EHR, MAIN, Concerned(), "held", True),
            (Role.EHR, MAIN, Concerned(), "not_needed", False),
            (Role.COORDINATOR, None, OTHERS, "missing", True),
        ],
    )
    def test_is_what_the_table_says(
        self, role: Role, party: Party | None, concerned: Concerned, proof: Proof, is_own: bool
    ) -> None:
        """By role, party, whom it concerns, and whether the address was the one that was given."""
        caller = Caller("demo", "somebody", frozenset({role}), party=party)

        assert is_own is is_theirs(caller, caller.roles, concerned, proof)

    def test_binds_every_role_outside_our_house_that_acts_on_referrals(self) -> None:
        """A new kind of party is either in the table, or sees what its tenant sees: that is for a reviewer."""
        assert {Role.PAYER, Role.OFFICE, Role.SPECIALIST, Role.EHR} == set(WHOSE)
