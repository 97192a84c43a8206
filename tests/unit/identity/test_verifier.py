"""A token is believed only from our issuer, for us, for now, signed with a key we know, by an algorithm we name."""

import asyncio
import contextlib
import gzip
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from shared.errors import Unavailable
from shared.identity import Caller, Role, Unauthenticated, Verifier
from shared.identity.verifier import LONGEST_STALE_S, fetch_over_http
from tests.support.callers import AUDIENCE, CLIENT, ISSUER, Issuer
from tests.unit.identity.forgeries import BAD_CLAIMS, FORGERIES, claims_of, signed

OWN_REFERRAL = "demo-" + "a" * 26


@pytest.fixture
def issuer() -> Issuer:
    """An issuer at a fixed moment."""
    return Issuer(now_s=1_800_000_000.0)


class TestBelieves:
    async def test_a_valid_token(self, issuer: Issuer) -> None:
        """Tenant, subject and roles are read from the token and from nowhere else."""
        caller = await issuer.verifier().verify(issuer.token(Role.NURSE, Role.LEAD))

        assert Caller("demo", "sam.sample", frozenset({Role.NURSE, Role.LEAD}), client_id=CLIENT) == caller

    async def test_a_token_for_several_audiences(self, issuer: Issuer) -> None:
        """`aud` may be a list that names us."""
        caller = await issuer.verifier().verify(issuer.token(Role.NURSE, aud=["elsewhere", AUDIENCE]))

        assert "sam.sample" == caller.subject

    async def test_a_programs_token_for_us_alone(self, issuer: Issuer) -> None:
        """Alone in a list is alone."""
        for aud in (AUDIENCE, [AUDIENCE]):
            token = issuer.token(Role.NURSE, subject="demo-cli", client_id="demo-cli", aud=aud)

            assert "demo-cli" == (await issuer.verifier().verify(token)).client_id

    @pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
    async def test_an_access_token_however_it_writes_that(self, issuer: Issuer, kind: str) -> None:
        """RFC 9068 §4 allows both forms, and media types do not differ by case."""
        token = signed({"alg": "ES384", "kid": "issuer-1", "typ": kind}, issuer.key, claims_of(issuer))

        assert "sam.sample" == (await issuer.verifier().verify(token)).subject

    async def test_a_client_named_as_the_authorized_party(self, issuer: Issuer) -> None:
        """Some issuers write `azp` where RFC 9068 has `client_id`."""
        token = issuer.token(Role.NURSE, client_id=None, azp="desk")

        assert "desk" == (await issuer.verifier().verify(token)).client_id

    async def test_only_the_roles_it_knows(self, issuer: Issuer) -> None:
        """An issuer of a whole hospital has roles that are not ours."""
        token = issuer.token(roles=["nurse", "janitor", {"role": "lead"}, 7])

        assert {Role.NURSE} == (await issuer.verifier().verify(token)).roles

    async def test_a_patient_for_one_referral(self, issuer: Issuer) -> None:
        """A patient is a patient and nothing else, whatever other roles the token lists."""
        token = issuer.token(Role.PATIENT, Role.OPERATOR, referral_id=OWN_REFERRAL)

        caller = await issuer.verifier().verify(token)
        assert Caller("demo", "sam.sample", frozenset({Role.PATIENT}), OWN_REFERRAL, CLIENT) == caller

    @pytest.mark.parametrize("algorithm", ["ES256", "ES384", "RS256", "RS384"])
    async def test_each_allowed_algorithm(self, issuer: Issuer, algorithm: str) -> None:
        """SMART asks for RS384 and ES384; identity providers commonly sign with RS256 and ES256."""
        key = _key_for(algorithm)
        token = signed({"alg": algorithm, "kid": "k"}, key, claims_of(issuer))

        assert "sam.sample" == (await _trusting(issuer, key).verify(token)).subject


class TestDoesNotBelieve:
    @pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
    async def test_a_forgery(self, issuer: Issuer, forgery: Callable[[Issuer], str]) -> None:
        """None of the ways to forge a JWT works, and all are answered alike."""
        with pytest.raises(Unauthenticated):
            await issuer.verifier().verify(forgery(issuer))

    @pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
    async def test_a_signed_token_that_says_the_wrong_thing(self, issuer: Issuer, claims: dict[str, object]) -> None:
        """A good signature is not enough: issuer, audience, time, lifetime, tenant and roles must hold."""
        with pytest.raises(Unauthenticated):
            await issuer.verifier().verify(issuer.token(**{"roles": ["nurse"], **claims}))  # type: ignore[arg-type]

    async def test_a_token_that_it_believed_before_it_expired(self, issuer: Issuer) -> None:
        """The verdict is remembered, the expiry is looked at each time."""
        verifier, token = issuer.verifier(), issuer.token(Role.NURSE)
        await verifier.verify(token)
        issuer.now_s += 300

        with pytest.raises(Unauthenticated):
            await verifier.verify(token)


class TestKeys:
    async def test_are_fetched_once_for_all_who_wait(self, issuer: Issuer) -> None:
        """A burst after start must not become a burst at the issuer."""
        verifier = issuer.verifier()
        await asyncio.gather(*(verifier.verify(issuer.token(Role.NURSE, subject=f"s{n}")) for n in range(20)))

        assert 1 == issuer.fetched

    async def test_follow_a_rotation(self, issuer: Issuer) -> None:
        """A kid nobody knows yet is looked up, so that rotation needs no restart."""
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(Role.NURSE))
        issuer.key = ECKey.generate_key("P-384", {"kid": "issuer-2"})
        issuer.now_s += 31

        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject

    async def test_are_not_fetched_for_every_invented_kid(self, issuer: Issuer) -> None:
        """A flood of nonsense reaches the issuer at most every 30 seconds."""
        verifier = issuer.verifier()
        await verifier.verify(issuer.token(Role.NURSE))
        issuer.now_s += 31
        for number in range(20):
            strange = signed({"alg": "ES384", "kid": f"invented-{number}"}, issuer.key, claims_of(issuer))
            with pytest.raises(Unauthenticated):
                await verifier.verify(strange)

        assert 2 == issuer.fetched

    async def test_that_are_gone_take_their_tokens_along(self, issuer: Issuer) -> None:
        """A withdrawn key ends its tokens within five minutes, though they were believed before."""
        verifier, token = issuer.verifier(), issuer.token(Role.NURSE, exp=1_800_000_900)
        await verifier.verify(token)
        issuer.key = ECKey.generate_key("P-384", {"kid": "issuer-2"})
        issuer.now_s += 300

        with pytest.raises(Unauthenticated):
            await verifier.verify(token)

    async def test_serve_on_while_the_issuer_is_down(self, issuer: Issuer) -> None:
        """An outage of the issuer is not an outage of ours."""
        is_down = False

        async def fetch() -> Mapping[str, Any]:
            if is_down:
                raise Unavailable
            return await issuer.jwks()

        verifier = Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)
        await verifier.verify(issuer.token(Role.NURSE))
        is_down, issuer.now_s = True, issuer.now_s + 400

        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject

    async def test_serve_on_for_a_day_and_no_longer(self, issuer: Issuer) -> None:
        """A key that leaked must not open doors for as long as somebody keeps the issuer away."""
        is_down = False

        async def fetch() -> Mapping[str, Any]:
            if is_down:
                raise Unavailable
            return await issuer.jwks()

        verifier = Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)
        await verifier.verify(issuer.token(Role.NURSE))
        is_down, began_s = True, issuer.now_s

        issuer.now_s = began_s + LONGEST_STALE_S - 60
        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject
        issuer.now_s = began_s + LONGEST_STALE_S
        with pytest.raises(Unavailable):
            await verifier.verify(issuer.token(Role.NURSE))
        is_down, issuer.now_s = False, issuer.now_s + 31
        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject

    @pytest.mark.parametrize("published", [{"keys": []}, {}, {"keys": None}, {"keys": [{"kty": "oct"}]}])
    async def test_stay_when_the_issuer_publishes_none(self, issuer: Issuer, published: Mapping[str, Any]) -> None:
        """A deployment of the issuer that went wrong for a minute is not an outage of ours."""
        answers = [await issuer.jwks(), published]

        async def fetch() -> Mapping[str, Any]:
            return answers.pop(0)

        verifier = Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)
        await verifier.verify(issuer.token(Role.NURSE))
        issuer.now_s += 400

        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject
        assert [] == answers

    async def test_unknown_from_the_start_mean_later_and_not_never(self, issuer: Issuer) -> None:
        """Without keys we cannot tell: 503, not 401, and the next try finds them."""
        is_down = True

        async def fetch() -> Mapping[str, Any]:
            if is_down:
                raise Unavailable
            return await issuer.jwks()

        verifier = Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)
        with pytest.raises(Unavailable):
            await verifier.verify(issuer.token(Role.NURSE))
        is_down, issuer.now_s = False, issuer.now_s + 2

        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject

    async def test_of_kinds_we_do_not_use_are_passed_over(self, issuer: Issuer) -> None:
        """An issuer may publish keys for other purposes, and nonsense; ours is still found."""

        async def fetch() -> Mapping[str, Any]:
            secret = {"kty": "oct", "k": "A" * 43, "kid": "issuer-1"}
            return {"keys": [secret, {}, 7, None, {"kty": "EC"}, issuer.key.as_dict(private=False)]}

        verifier = Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)
        assert "sam.sample" == (await verifier.verify(issuer.token(Role.NURSE))).subject


def _key_for(algorithm: str) -> ECKey | RSAKey:
    if algorithm.startswith("RS"):
        return RSAKey.generate_key(2048, {"kid": "k"})
    return ECKey.generate_key("P-256" if algorithm == "ES256" else "P-384", {"kid": "k"})


def _trusting(issuer: Issuer, key: ECKey | RSAKey) -> Verifier:
    async def fetch() -> Mapping[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    return Verifier(ISSUER, AUDIENCE, fetch, lambda: issuer.now_s)


class TestFetchOverHttp:
    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            ({}, b" " * 2_000_000),
            ({"Content-Encoding": "gzip"}, gzip.compress(b" " * 100_000_000)),
            ({}, b"not json"),
        ],
    )
    async def test_reads_no_answer_that_would_end_us(self, headers: dict[str, str], body: bytes) -> None:
        """However long, and however it is packed: 100 KB of gzip may hold 100 MB."""
        port = await _serving(b"200 OK", headers, body)

        with pytest.raises(Unavailable):
            await fetch_over_http(f"http://127.0.0.1:{port}/jwks")()

    @pytest.mark.parametrize(("body", "expected"), [(b'{"keys": []}', {"keys": []}), (b"[]", {})])
    async def test_gives_what_is_published(self, body: bytes, expected: object) -> None:
        """A JWK set is an object; whatever else it is, no key is in it."""
        port = await _serving(b"200 OK", {}, body)

        assert expected == await fetch_over_http(f"http://127.0.0.1:{port}/jwks")()


async def _serving(status: bytes, headers: Mapping[str, str], body: bytes) -> int:
    """A server that answers one request. Return its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        writer.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + head + b"\r\n" + body)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()
        server.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port
