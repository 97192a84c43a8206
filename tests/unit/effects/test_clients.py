"""To each party its own way: its endpoint, its token endpoint, its key. Without them nothing is sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.effects import Clients, Connections, NotTaken
from shared.parties import Connection, Kind, Party, Register

KEYS: Mapping[str, ECKey | RSAKey] = {
    "a": ECKey.generate_key("P-384", {"kid": "a-1"}),
    "b": RSAKey.generate_key(2048, {"kid": "b-1"}),
}
ASKED: tuple[Kind, ...] = ("payer",)
ALGORITHMS = {"a": "ES384", "b": "RS384"}


def _party(id_: str, kind: Kind = "payer", **more: Any) -> Party:
    return Party(tenant="demo", kind=kind, id=id_, connection=_connection(id_), **more)


def _connection(id_: str) -> Connection:
    return Connection(
        token_url=f"https://{id_}.example/oauth/token",
        client_id=f"us-at-{id_}",
        key_file=Path("keys", f"{id_}.json"),
        scope="system/Claim.cruds",
        resource=f"https://{id_}.example/api",
    )


@dataclass
class Outside:
    """Every server there is: grants tokens that name their host, and keeps what it was sent."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    is_refusing: bool = False
    statuses: list[int] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        if request.url.path == "/oauth/token":
            form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            self.asked.append((str(request.url), form))
            granted = {"access_token": f"{request.url.host}-{len(self.asked)}", "expires_in": 300}
            return httpx2.Response(400 if self.is_refusing else 200, json=granted)
        self.shown.append((str(request.url), request.headers["Authorization"]))
        return httpx2.Response(self.statuses.pop(0) if self.statuses else 200, json={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the register would lie, and our keys beside it."""
    (tmp_path / "keys").mkdir()
    for id_, key in KEYS.items():
        (tmp_path / "keys" / f"{id_}.json").write_text(json.dumps({"jwk": key.as_dict(private=True)}))
    return tmp_path


@pytest.fixture
def outside() -> Outside:
    """What is outside."""
    return Outside()


@pytest.fixture
def lines(folder: Path, outside: Outside) -> Callable[..., Clients]:
    """Lines to the parties that a test names."""

    def made(*parties: Party) -> Clients:
        register = Register(parties)
        connections = Connections(register, ASKED, folder, lambda _connection: httpx2.MockTransport(outside))
        return Clients(register, connections, connections.plain)

    return made


async def _ask(lines: Clients, party: Party | None) -> httpx2.Response:
    return await lines.exchange(party, "GET", "https://default.example/", "payers/x")


class TestLines:
    async def test_prove_who_we_are_to_each_party_by_its_own_key(
        self, lines: Callable[..., Clients], outside: Outside
    ) -> None:
        """SMART Backend Services: ES384 or RS384, for the party's own endpoint, with its scope and resource."""
        parties = (_party("a"), _party("b"))
        found = lines(*parties)
        for party in parties:
            await _ask(found, party)

        for (url, form), id_ in zip(outside.asked, KEYS, strict=True):
            claims = jwt.decode(form["client_assertion"], KEYS[id_], algorithms=[ALGORITHMS[id_]]).claims
            assert (url, url, f"us-at-{id_}") == (f"https://{id_}.example/oauth/token", claims["aud"], claims["sub"])
            assert ("system/Claim.cruds", f"https://{id_}.example/api") == (form["scope"], form["resource"])

    async def test_show_a_token_to_the_party_that_granted_it_alone(
        self, lines: Callable[..., Clients], outside: Outside
    ) -> None:
        """And ask for another only when its time is over."""
        parties = (_party("a", endpoint="https://a.example/v2"), _party("b", endpoint="https://b.example"))
        found = lines(*parties)
        for party in (*parties, *parties):
            await _ask(found, party)

        expected = {
            ("https://a.example/v2/payers/x", "Bearer a.example-1"),
            ("https://b.example/payers/x", "Bearer b.example-2"),
        }
        assert (expected, 4, 2) == (set(outside.shown), len(outside.shown), len(outside.asked))

    async def test_go_where_the_settings_say_when_the_register_does_not(
        self, lines: Callable[..., Clients], outside: Outside
    ) -> None:
        """One installation may reach everybody by one address."""
        party = _party("a")
        await _ask(lines(party), party)

        assert "https://default.example/payers/x" == outside.shown[0][0]

    @pytest.mark.parametrize(
        "party",
        [
            None,
            Party(tenant="demo", kind="payer", id="unconnected"),
            _party("a", kind="office"),
            Party(tenant="other", kind="payer", id="a"),
        ],
        ids=["nobody", "no connection", "a kind that this service does not ask", "another tenant"],
    )
    async def test_send_nothing_to_whom_there_is_no_way(
        self, lines: Callable[..., Clients], outside: Outside, party: Party | None
    ) -> None:
        """It certainly did not happen."""
        found = lines(_party("a"), *([party] if party else []))
        with pytest.raises(NotTaken):
            await _ask(found, party)

        assert ([], []) == (outside.asked, outside.shown)

    async def test_send_nothing_without_a_token(self, lines: Callable[..., Clients], outside: Outside) -> None:
        """A token endpoint that refuses us, and one that answers nonsense, are the same."""
        outside.is_refusing, party = True, _party("a")
        with pytest.raises(NotTaken):
            await _ask(lines(party), party)

        assert [] == outside.shown

    async def test_ask_for_another_token_after_one_was_refused(
        self, lines: Callable[..., Clients], outside: Outside
    ) -> None:
        """A party that has changed its keys is not shown the old token for ever; the request is not repeated."""
        outside.statuses, party = [401], _party("a")
        found = lines(party)
        statuses = [(await _ask(found, party)).status_code for _ in range(3)]

        assert [401, 200, 200] == statuses
        assert ["Bearer a.example-1", *["Bearer a.example-2"] * 2] == [shown for _, shown in outside.shown]


class TestConnections:
    @pytest.mark.parametrize(
        "content",
        [
            "{}",
            "[]",
            json.dumps(KEYS["a"].as_dict(private=False)),
            json.dumps(OctKey.generate_key(256).as_dict(private=True)),
        ],
        ids=["nothing", "a list", "a public key", "a secret"],
    )
    async def test_are_not_made_with_what_cannot_sign(self, folder: Path, content: str) -> None:
        """A service with a wrong key does not start, instead of calling in vain."""
        (folder / "keys" / "a.json").write_text(content)
        with pytest.raises(ValueError, match=r"a\.json holds no private"):
            Connections(Register([_party("a")]), ASKED, folder)

    async def test_are_not_made_without_the_key(self, folder: Path) -> None:
        """Nor with none."""
        (folder / "keys" / "a.json").unlink()
        with pytest.raises(OSError, match=r"a\.json"):
            Connections(Register([_party("a")]), ASKED, folder)

    async def test_share_sockets_and_nothing_else(self, folder: Path) -> None:
        """Parties with a proxy of their own have connections of their own."""
        through = _connection("b").model_copy(update={"proxy": "http://proxy.example:3128"})
        parties = (_party("a"), _party("b").model_copy(update={"connection": through}))
        connections = Connections(Register(parties), ASKED, folder)
        one, other = (connections(party) for party in parties)

        assert one is connections(parties[0])
        assert one is not other
        assert one._transport is connections.plain._transport  # noqa: SLF001 - what is shared shows nowhere else
        assert other._transport is not connections.plain._transport  # noqa: SLF001
        await connections.aclose()
