"""How a local Kafka of one KRaft broker is set up, whether Java or a container runs it."""

import base64
import secrets
from collections.abc import Mapping

_LISTENERS = ("listeners", "advertised.listeners")
JVM_FLAGS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def new_cluster_id() -> str:
    """A Kafka UUID (16 bytes, URL-safe base64, no padding) that no other cluster has, so that we know ours."""
    return base64.urlsafe_b64encode(b"throughline" + secrets.token_bytes(5)).decode().rstrip("=")


def of_one_broker(listen_on: str, port: int, controller_port: int) -> dict[str, str]:
    """The full set of server settings but `log.dirs`; clients reach it on the port of 127.0.0.1.

    Topics are made on purpose, never by a typing error, and a single broker can keep one replica only.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://{listen_on}:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.replication.factor": "1",
    }


def with_authorizer(settings: Mapping[str, str], users: Mapping[str, str]) -> dict[str, str]:
    """The same broker as production has it: who does not log in is refused, and so is what no ACL allows.

    `users` are names and passwords; the first is the broker's own, and may do everything.
    """
    name, password = next(iter(users.items()))
    known = " ".join(f'user_{user}="{secret}"' for user, secret in users.items())
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    log_in = f'{module} username="{name}" password="{password}" {known};'
    renamed = {key: settings[key].replace("PLAINTEXT://", "SASL_PLAINTEXT://", 1) for key in _LISTENERS}
    return {
        **settings,
        **renamed,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": log_in,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{name};User:ANONYMOUS",  # nobody logs in at the controller, which only the broker reaches
    }
