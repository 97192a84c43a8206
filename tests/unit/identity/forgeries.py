"""The ways to forge a bearer token, and the ways in which a signed one can say the wrong thing."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from shared.identity import ACCESS_TOKEN, Role
from tests.support.callers import AUDIENCE, CLIENT, ISSUER, Issuer


class _Anything:
    required = False

    def validate(self, _value: object) -> None: ...


_LENIENT: Any = {"exp": _Anything()}


def _padded(issuer: Issuer, size: int) -> str:
    return issuer.token(Role.NURSE, padding="x" * size)


def claims_of(issuer: Issuer) -> dict[str, object]:
    """What a valid token says."""
    now = int(issuer.now_s)
    own = {"sub": "sam.sample", "client_id": CLIENT, "tenant": "demo", "roles": ["nurse"]}
    return {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300, **own}


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _tampered(issuer: Issuer) -> str:
    header, claims, signature = issuer.token(Role.NURSE).split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"roles": ["operator"]}
    return f"{header}.{_part(changed)}.{signature}"


def signed(header: Mapping[str, Any], key: Any, claims: Mapping[str, Any]) -> str:
    """An access token with any header, under any key; `typ` may be replaced."""
    return jwt.encode({"typ": ACCESS_TOKEN, **header}, dict(claims), key, algorithms=[header["alg"]])


def _public_secret(issuer: Issuer) -> OctKey:
    return OctKey.import_key(json.dumps(issuer.key.as_dict(private=False)).encode())


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "alg none": lambda i: f"{_part({'alg': 'none', 'kid': 'issuer-1', 'typ': ACCESS_TOKEN})}.{_part(claims_of(i))}.",
    "alg None, signature kept": lambda i: (
        f"{_part({'alg': 'None', 'kid': 'issuer-1', 'typ': ACCESS_TOKEN})}.{i.token(Role.NURSE).split('.', 1)[1]}"
    ),
    "HS256 with the public key": lambda i: signed({"alg": "HS256", "kid": "issuer-1"}, _public_secret(i), claims_of(i)),
    "HS256 with an empty-looking key": lambda i: signed(
        {"alg": "HS256", "kid": "issuer-1"}, OctKey.import_key(b"\0" * 32), claims_of(i)
    ),
    "another key under our kid": lambda i: signed(
        {"alg": "ES384", "kid": "issuer-1"}, ECKey.generate_key("P-384"), claims_of(i)
    ),
    "another curve": lambda i: signed({"alg": "ES256", "kid": "issuer-1"}, ECKey.generate_key("P-256"), claims_of(i)),
    "RS256 against an EC key": lambda i: signed(
        {"alg": "RS256", "kid": "issuer-1"}, RSAKey.generate_key(2048), claims_of(i)
    ),
    "unknown kid": lambda i: signed({"alg": "ES384", "kid": "nobody"}, i.key, claims_of(i)),
    "no kid": lambda i: signed({"alg": "ES384"}, i.key, claims_of(i)),
    "a key of its own in the header": lambda i: signed(
        {"alg": "ES384", "jwk": ECKey.generate_key("P-384").as_dict(private=False)}, i.key, claims_of(i)
    ),
    "an unknown critical header": lambda i: jws.serialize_compact(
        {"alg": "ES384", "kid": "issuer-1", "typ": ACCESS_TOKEN, "crit": ["exp"], "exp": 1},
        json.dumps(claims_of(i)),
        i.key,
        registry=jws.JWSRegistry(header_registry=_LENIENT, algorithms=["ES384"]),
    ),
    "changed claims": _tampered,
    "no signature": lambda i: i.token(Role.NURSE).rpartition(".")[0] + ".",
    "a signature of zeros": lambda i: i.token(Role.NURSE).rpartition(".")[0] + "." + "A" * 128,
    "claims that are no object": lambda i: jws.serialize_compact(
        {"alg": "ES384", "kid": "issuer-1", "typ": ACCESS_TOKEN}, "[]", i.key, algorithms=["ES384"]
    ),
    "claims that are no JSON": lambda i: jws.serialize_compact(
        {"alg": "ES384", "kid": "issuer-1", "typ": ACCESS_TOKEN}, "x", i.key, algorithms=["ES384"]
    ),
    "an ID token": lambda i: signed({"alg": "ES384", "kid": "issuer-1", "typ": "JWT"}, i.key, claims_of(i)),
    "a token of no type": lambda i: signed({"alg": "ES384", "kid": "issuer-1", "typ": ""}, i.key, claims_of(i)),
    "a logout token": lambda i: signed({"alg": "ES384", "kid": "issuer-1", "typ": "logout+jwt"}, i.key, claims_of(i)),
    "a type that begins like ours": lambda i: signed(
        {"alg": "ES384", "kid": "issuer-1", "typ": f"{ACCESS_TOKEN}x"}, i.key, claims_of(i)
    ),
    "empty": lambda _: "",
    "one part": lambda _: "garbage",
    "four parts": lambda i: f"{i.token(Role.NURSE)}.x",
    "dots": lambda _: "...",
    "not ASCII": lambda _: "ä.ö.ü",
    "a lone surrogate": lambda _: "\ud800.a.b",
    "header is a list": lambda _: "W10.e30.AA",
    "header is a number": lambda _: "MQ.e30.AA",
    "too long": lambda i: _padded(i, 9000),
}

BAD_CLAIMS: dict[str, dict[str, object]] = {
    "expired": {"exp": 1_799_999_990, "iat": 1_799_999_900},
    "expires now": {"exp": 1_800_000_000},
    "no exp": {"exp": None},
    "exp is text": {"exp": "1800000300"},
    "exp is true": {"exp": True},
    "exp is endless": {"exp": float("inf")},
    "exp is no number": {"exp": float("nan")},
    "no iat": {"iat": None},
    "issued in the future": {"iat": 1_800_000_100},
    "not valid yet": {"nbf": 1_800_000_100},
    "lives too long": {"exp": 1_800_003_601},
    "other issuer": {"iss": "https://elsewhere.example"},
    "issuer with a slash": {"iss": f"{ISSUER}/"},
    "no issuer": {"iss": None},
    "other audience": {"aud": "elsewhere"},
    "audience contains ours": {"aud": f"{AUDIENCE}-test"},
    "no audience": {"aud": None},
    "empty audience": {"aud": []},
    "audience is an object": {"aud": {AUDIENCE: True}},
    "a list of other audiences": {"aud": ["elsewhere", f"{AUDIENCE}-test"]},
    "a program's for several audiences": {"sub": "demo-cli", "client_id": "demo-cli", "aud": [AUDIENCE, "elsewhere"]},
    "no client": {"client_id": None},
    "empty client": {"client_id": ""},
    "client is a list": {"client_id": [CLIENT]},
    "issued to another client": {"azp": "demo-other"},
    "no tenant": {"tenant": None},
    "tenant is a path": {"tenant": "../demo"},
    "tenant in capitals": {"tenant": "Demo"},
    "tenant with a line end": {"tenant": "demo\n"},
    "tenant is a list": {"tenant": ["demo"]},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "roles are a string": {"roles": "operator"},
    "roles are an object": {"roles": {"operator": True}},
    "no roles": {"roles": None},
    "patient without a referral": {"roles": ["patient"]},
    "patient of another tenant's referral": {"roles": ["patient"], "referral_id": "other-" + "a" * 26},
    "patient of no referral": {"roles": ["patient"], "referral_id": "demo-*"},
}
