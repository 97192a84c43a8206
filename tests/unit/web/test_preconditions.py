"""A write says which version it has seen and which request it is, so that nothing is lost or done twice."""

import httpx2
import pytest

from shared.identity import Role
from tests.support.callers import Issuer
from tests.unit.web.doors import REFERRAL, coordinator, service

PATH = f"/v1/referrals/{REFERRAL}/orders"
ORDER = {"request_id": "r"}


class TestIdempotencyKey:
    async def test_names_the_same_command_each_time(self, client: httpx2.AsyncClient) -> None:
        """A retry is the same command with the same content."""
        first, second = [
            (await client.post(PATH, json=ORDER, headers={"Idempotency-Key": "k-1"})).json() for _ in range(2)
        ]

        assert first == second
        assert first["command"].startswith("demo-")

    @pytest.mark.parametrize(
        ("path", "order"),
        [(PATH, {"request_id": "other"}), (PATH.replace("a" * 26, "b" * 26), ORDER)],
        ids=["another body", "another path"],
    )
    async def test_tells_another_request_by_its_fingerprint(
        self, client: httpx2.AsyncClient, path: str, order: dict[str, str]
    ) -> None:
        """The same key with other content is the same command with another fingerprint: the engine refuses it."""
        headers = {"Idempotency-Key": "k-1"}
        first = (await client.post(PATH, json=ORDER, headers=headers)).json()
        other = (await client.post(path, json=order, headers=headers)).json()

        assert first["command"] == other["command"]
        assert first["print"] != other["print"]

    async def test_is_each_callers_own(self) -> None:
        """Two callers who both count from one do not get each other's answers."""
        issuer = Issuer()
        commands = set()
        async with coordinator(service(issuer), issuer) as client:
            for subject, tenant in (("a", "demo"), ("b", "demo"), ("a", "other")):
                headers = issuer.headers(Role.COORDINATOR, subject=subject, tenant=tenant)
                path = PATH.replace("demo", tenant)
                answer = await client.post(path, json=ORDER, headers={**headers, "Idempotency-Key": "1"})
                commands.add(answer.json()["command"])

        assert 3 == len(commands)

    @pytest.mark.parametrize("key", [None, "", '""', "with space", "x" * 256, "ä"])
    async def test_is_required_and_must_be_a_key(self, client: httpx2.AsyncClient, key: str | None) -> None:
        """Where the body carries no id of its own, a retry without a key could do the thing twice."""
        headers = {} if key is None else {"Idempotency-Key": key.encode("latin-1")}
        answer = await client.post(PATH, json=ORDER, headers=headers)  # type: ignore[arg-type]

        assert (400, "idempotency_key") == (answer.status_code, answer.json()["code"])

    async def test_means_the_same_in_quotes(self, client: httpx2.AsyncClient) -> None:
        """The draft standard writes keys as quoted strings; many clients do not."""
        plain, quoted = [
            (await client.post(PATH, json=ORDER, headers={"Idempotency-Key": key})).json() for key in ("k", '"k"')
        ]

        assert plain == quoted

    @pytest.mark.parametrize(("headers", "has_key"), [({}, False), ({"Idempotency-Key": "k"}, True)])
    async def test_may_be_left_out_where_it_is_optional(
        self, client: httpx2.AsyncClient, headers: dict[str, str], *, has_key: bool
    ) -> None:
        """A body with an id of its own needs no key."""
        assert {"has_key": has_key} == (await client.post("/v1/optional", headers=headers)).json()


class TestIfMatch:
    async def test_passes_the_version_on(self, client: httpx2.AsyncClient) -> None:
        """The version that the caller has seen reaches the command, and the new one comes back."""
        answer = await client.put("/v1/strict", headers={"If-Match": '"4"'})

        assert ({"seen": 4}, '"5"') == (answer.json(), answer.headers["etag"])

    @pytest.mark.parametrize(
        ("given", "status"),
        [(None, 428), ('W/"4"', 412), ('"abc"', 412), ('""', 412), ("4", 400), ('"1", "2"', 400), ('"', 400)],
    )
    async def test_refuses_what_names_no_version(
        self, client: httpx2.AsyncClient, given: str | None, status: int
    ) -> None:
        """Missing: 428. A tag that cannot be the newest, weak ones included: 412. No tag at all: 400."""
        headers = {} if given is None else {"If-Match": given}

        assert status == (await client.put("/v1/strict", headers=headers)).status_code

    async def test_takes_any_version_for_a_star(self, client: httpx2.AsyncClient) -> None:
        """`*` asks only that there is something to change."""
        assert {"seen": None} == (await client.put("/v1/strict", headers={"If-Match": "*"})).json()
