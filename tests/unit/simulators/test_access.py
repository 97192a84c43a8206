from collections.abc import Iterator

from deploy.simulators.app import POLICY
from shared.identity import Role
from tests.unit.simulators.served import Outside, bearer

OPEN = {"/livez", "/readyz"}
CALLED = ["/payers/p/authorizations/r", "/offices/o/requests/r", "/offices/o/appointments/v", "/ehr/reports/r"]
OPERATED = ["/counts", "/counts/visit", "/counts/visit/v", "/agenda"]


def every_role() -> Iterator[tuple[str, Role, bool]]:
    """Each path with each role, and whether the role may use it."""
    for paths, permission in ((CALLED, "call_outside_world"), (OPERATED, "operate_simulators")):
        for path in paths:
            for role in Role:
                yield path, role, role in POLICY[permission]


class TestAccess:
    async def test_is_open_for_health_alone(self, outside: Outside) -> None:
        """Alive and ready are told to anybody."""
        answers = [await outside.called.get(path, headers={"Authorization": ""}) for path in sorted(OPEN)]

        assert [answer.status_code for answer in answers] == [200, 200]

    async def test_refuses_strangers(self, outside: Outside) -> None:
        """No token and a forged one are both a 401."""
        for path in CALLED + OPERATED:
            for header in ("", "Bearer a.b.c"):
                assert (await outside.called.get(path, headers={"Authorization": header})).status_code == 401, path

    async def test_follows_the_policy_role_by_role(self, outside: Outside) -> None:
        """Services call the outside world, operators operate it, and nobody else does either."""
        for path, role, is_allowed in every_role():
            status = (await outside.called.get(path, headers=bearer(role))).status_code

            assert (status not in {401, 403}) is is_allowed, (path, role)

    async def test_refuses_orders_of_services(self, outside: Outside) -> None:
        """What is tested does not order its own faults."""
        for path in ("/admin/behaviour", "/admin/faults"):
            assert (await outside.called.post(path, json={})).status_code == 403
            assert (await outside.called.delete(path)).status_code == 403
