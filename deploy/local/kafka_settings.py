"""How a local Kafka of one KRaft broker is set up, whether Java or a container runs it."""

import base64
import secrets

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
