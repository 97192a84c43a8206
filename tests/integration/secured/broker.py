"""A real Kafka as an installation has it: TLS on every door, an authorizer, and three ways to say who one is.

The door in the clear is for the broker itself and for the test's administrator: nobody else has rights there.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from deploy.local import kafka_jvm
from deploy.local.ports import distinct_ports
from deploy.local.processes import Processes
from deploy.platform.keys import write_state
from shared.settings import KafkaSettings
from tests.support.certificates import Authority

PARTITIONS, LONGEST = 4, 100_000
USER = "throughline-intake"
OURS, NOT_OURS = "facts", "others"
INSTALLATION, PREFIX = "throughline-staging", "staging-"
PASSWORD = "invented-password-of-a-user"
AUDIENCE = "throughline-intake"
"""Whom the local issuer's tokens are for, which is all that this broker asks."""
BY_TOKEN = "demo-cli"
"""The subject of its tokens."""
_DOORS = ("scram", "mtls", "oauth")
_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """Where its doors are, and what whoever comes needs."""

    in_the_clear: str
    ports: Mapping[str, int]
    authority: Authority
    token_url: str
    credentials: Path

    def administrator(self) -> KafkaSettings:
        """Who may do everything."""
        return KafkaSettings(bootstrap=self.in_the_clear, partitions=PARTITIONS)

    def by_scram(self, user: str, mechanism: str = "SCRAM-SHA-512", password: str = PASSWORD) -> KafkaSettings:
        """A user with a password, as a service is told by its environment."""
        return self._at(
            "scram",
            security_protocol="SASL_SSL",
            sasl_mechanism=mechanism,
            sasl_username=user,
            sasl_password=SecretStr(password),
        )

    def by_certificate(self, user: str, signed_by: Authority | None = None) -> KafkaSettings:
        """A user with a certificate of this authority, else of the one that the broker trusts."""
        certificate, key = (signed_by or self.authority).issue(user)
        return self._at("mtls", security_protocol="SSL", certificate_file=certificate, key_file=key)

    def by_token(self, audience: str = AUDIENCE) -> KafkaSettings:
        """A client of the issuer's, with a token for this audience."""
        return self._at(
            "oauth",
            security_protocol="SASL_SSL",
            sasl_mechanism="OAUTHBEARER",
            oauth_token_url=self.token_url,
            oauth_credentials_file=self.credentials,
            oauth_audience=audience,
        )

    def _at(self, door: str, **settings: object) -> KafkaSettings:
        shared = {"bootstrap": f"localhost:{self.ports[door]}", "partitions": PARTITIONS}
        return KafkaSettings.model_validate({**shared, "ca_file": self.authority.file, **settings})


@contextmanager
def secured_kafka(directory: Path, users: list[str]) -> Iterator[Secured]:
    """Start it, these being its users by SCRAM, with an issuer beside it. Raises Lacking where there is no Java."""
    kafka_jvm.find_java()
    kafka_jvm.find_maven()
    authority, state = Authority(directory), directory / "state"
    write_state(state, ["demo"])
    *ports, issuer_port = distinct_ports(len(_DOORS) + 1)
    doors, issuer = dict(zip(_DOORS, ports, strict=True)), f"http://127.0.0.1:{issuer_port}"
    jwks_url = f"{issuer}/.well-known/jwks.json"
    with Processes(directory) as programs:
        kafka_jvm.fetch(programs, print)
        argv = [
            sys.executable,
            "-m",
            "uvicorn",
            "deploy.issuer.app:create_app",
            "--factory",
            "--port",
            str(issuer_port),
        ]
        programs.start("issuer", argv, {"ISSUER_URL": issuer, "ISSUER_STATE": str(state)}, jwks_url)
        programs.wait_ready("issuer", 60)
        in_the_clear = kafka_jvm.start(
            programs,
            directory,
            lambda usual: {**usual, **_secured(usual, doors, authority, directory), **_by_token(issuer, jwks_url)},
            [option for user in users for number in (256, 512) for option in _scram_user(user, number)],
            [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks_url}"],
        )
        credentials = state / "clients" / f"{BY_TOKEN}.json"
        yield Secured(in_the_clear, doors, authority, f"{issuer}/token", credentials)


def _secured(
    usual: Mapping[str, str], doors: Mapping[str, int], authority: Authority, directory: Path
) -> dict[str, str]:
    certificate, key = authority.issue("broker")
    both = directory / "broker-with-key.pem"
    both.write_text(key.read_text() + certificate.read_text())
    at = {door: f"{door.upper()}://localhost:{port}" for door, port in doors.items()}
    scram = f"{_SECURITY}.scram.ScramLoginModule required;"
    return {
        "listeners": ",".join([usual["listeners"], *at.values()]),
        "advertised.listeners": ",".join([usual["advertised.listeners"], *at.values()]),
        "listener.security.protocol.map": (
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SCRAM:SASL_SSL,MTLS:SSL,OAUTH:SASL_SSL"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.scram.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.scram.scram-sha-512.sasl.jaas.config": scram,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


def _by_token(issuer: str, jwks_url: str) -> dict[str, str]:
    """Kafka's own check of tokens: signed by a key of the issuer's, and for this audience."""
    of_tokens = "listener.name.oauth.oauthbearer.sasl"
    return {
        "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
        f"{of_tokens}.jaas.config": f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule required;",
        f"{of_tokens}.server.callback.handler.class": f"{_SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        f"{of_tokens}.oauthbearer.jwks.endpoint.url": jwks_url,
        f"{of_tokens}.oauthbearer.expected.audience": AUDIENCE,
        f"{of_tokens}.oauthbearer.expected.issuer": issuer,
    }


def _scram_user(user: str, number: int) -> list[str]:
    return ["--add-scram", f"SCRAM-SHA-{number}=[name={user},password={PASSWORD}]"]
