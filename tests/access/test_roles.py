"""Who may use which route, cell by cell: as the tables say, and the tables as they were approved."""

import json
from collections.abc import Mapping

import pytest

from shared.identity import WHOSE, Role, permissions
from tests.access.approve import APPROVED
from tests.access.conftest import SERVICES
from tests.access.probing import (
    FORBIDDEN,
    HIDDEN,
    LET_IN,
    OPEN,
    Route,
    every_role,
    matrix,
    misses,
    probe,
    roles_of,
    routes,
)
from tests.access.samples import SAMPLES
from tests.support.five_services.running import FiveServices

Referrals = Mapping[str, tuple[str, str]]


class TestTables:
    def test_guard_every_route_but_those_that_are_named(self, house: FiveServices) -> None:
        """What asks nobody is on a list, with a reason each."""
        unguarded = {path for app in house.apps.values() for (_, path), names in permissions(app).items() if not names}

        assert set(OPEN) == unguarded

    def test_name_one_permission_for_each_route(self, house: FiveServices) -> None:
        """Two permissions on one route would make a table of tables."""
        several = [names for app in house.apps.values() for names in permissions(app).values() if len(names) > 1]

        assert [] == several

    @pytest.mark.parametrize("service", SERVICES)
    def test_have_a_route_for_each_entry(self, service: str, house: FiveServices) -> None:
        """An entry that guards nothing is a promise that nobody keeps."""
        app = house.apps[service]
        used = frozenset[str]().union(*permissions(app).values())

        assert used == set(app.state.guard.policy)

    def test_are_as_approved(self, house: FiveServices) -> None:
        """Who may do what changes where a reviewer sees it, in one file for all (`python -m tests.access.approve`)."""
        assert json.loads(APPROVED.read_text()) == matrix(house)

    def test_have_a_sample_of_each_request_that_changes_something(self, house: FiveServices) -> None:
        """A new route is asked as it wants to be asked, or it is not tested."""
        writing = {(route.service, route.name) for route in routes(house) if route.method != "GET"}

        assert writing == {(service, name) for service, samples in SAMPLES.items() for name in samples}


class TestRole:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_is_let_through_where_the_table_says_so_and_nowhere_else(
        self, service: str, house: FiveServices, referrals: Referrals
    ) -> None:
        """Every role at every route, with a request that the route would take."""
        wrong = {}
        for route in (route for route in routes(house) if route.service == service):
            for role in every_role():
                roles, token = (role,) if role else (), None
                if role is Role.PATIENT:
                    token = house.issuer.token(role, referral_id=referrals["demo"][0])
                who = {"subject": "una.attached"} if role is Role.SPECIALIST else {}
                answer = await probe(house, route, referrals["demo"][0], *roles, token=token, **who)
                if answer.status_code not in _expected(house, route, role):
                    wrong[route.name, role] = (answer.status_code, answer.text)

        assert {} == wrong


def _expected(house: FiveServices, route: Route, role: Role | None) -> tuple[int, ...]:
    if role is None or role not in roles_of(house, route):
        return (FORBIDDEN,)
    if role in WHOSE and route.is_of_an_object:
        return (HIDDEN,)  # nobody but our own people has to do with these referrals: `test_parties` has theirs
    return (*LET_IN, *misses(route))
