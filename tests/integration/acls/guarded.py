"""A real Kafka whose authorizer is on: whoever is not on its list may do nothing, and nobody is let in by default."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from pydantic import SecretStr

from deploy.acls import Binding
from deploy.local import kafka_jvm
from deploy.local.ports import free_port
from deploy.local.processes import Processes
from shared.kafka.connection import connection
from shared.settings import KafkaSettings

ADMIN = "admin"
PARTITIONS = 1
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_RESOURCES, _PATTERNS = {"topic": 2, "group": 3}, {"literal": 3, "prefixed": 4}
_OPERATIONS, _ALLOW = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}, 3
"""Numbers of Kafka's wire (AclOperation, ResourceType, PatternType, AclPermissionType)."""


@dataclass(frozen=True)
class Guarded:
    """Where it is: in the clear, where one is nobody (User:ANONYMOUS), and where users show who they are."""

    open_bootstrap: str
    bootstrap: str

    def nobody(self) -> KafkaSettings:
        """Without credentials."""
        return KafkaSettings(bootstrap=self.open_bootstrap, partitions=PARTITIONS)

    def user(self, name: str, password: str | None = None) -> KafkaSettings:
        """As a service is told by its environment (KAFKA_SASL_…)."""
        return KafkaSettings(
            bootstrap=self.bootstrap,
            partitions=PARTITIONS,
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            sasl_username=name,
            sasl_password=SecretStr(password or password_of(name)),
        )

    async def allow(self, bindings: Iterable[Binding]) -> None:
        """Add ACLs, as an administrator."""
        await allow(self.user(ADMIN), bindings)


async def allow(administrator: KafkaSettings, bindings: Iterable[Binding]) -> None:
    """Add ACLs."""
    admin = AIOKafkaAdminClient(**connection(administrator))
    await admin.start()
    try:
        for binding in bindings:
            answer: Any = await admin._send_request(_request(binding))  # noqa: SLF001 - it has no call for this
            assert [0] == [code for code, _ in answer.creation_responses]
    finally:
        await admin.close()


def password_of(user: str) -> str:
    """A user's."""
    return f"invented-{user}"


@contextmanager
def guarded_kafka(directory: Path, users: Iterable[str]) -> Iterator[Guarded]:
    """Start it, with an administrator and these users. Raises Lacking where the machine cannot have it."""
    kafka_jvm.find_java()
    kafka_jvm.find_maven()
    port, names = free_port(), [ADMIN, *users]
    with Processes(directory) as programs:
        kafka_jvm.fetch(programs, print)
        in_the_clear = kafka_jvm.start(programs, directory, lambda usual: _guarded(usual, port, names))
        yield Guarded(in_the_clear, f"127.0.0.1:{port}")


def _guarded(usual: Mapping[str, str], port: int, users: Iterable[str]) -> dict[str, str]:
    known = " ".join(f'user_{name}="{password_of(name)}"' for name in users)
    jaas = f'{_PLAIN} username="{ADMIN}" password="{password_of(ADMIN)}" {known};'
    ours = f"SASL_PLAINTEXT://127.0.0.1:{port}"
    return {
        **usual,
        "listeners": f"{usual['listeners']},{ours}",
        "advertised.listeners": f"{usual['advertised.listeners']},{ours}",
        "listener.security.protocol.map": (
            "CONTROLLER:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT"
        ),
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": jaas,
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": jaas,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
    }


def _request(binding: Binding) -> CreateAclsRequest:
    return CreateAclsRequest(
        _RESOURCES[binding.resource],
        binding.name,
        _PATTERNS[binding.pattern],
        binding.principal,
        "*",
        _OPERATIONS[binding.operation],
        _ALLOW,
    )
