"""The programs of a local platform: command line, environment and readiness of each. Starts nothing."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.stack import Stack
from deploy.platform import registry
from deploy.platform.parties import CONFIG, REGISTER


@dataclass(frozen=True)
class Program:
    """One program: its command line, its environment, and the URL that shows that it is ready."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready_url: str


@dataclass(frozen=True)
class Setting:
    """The values that all programs of one platform share.

    `keys` was written by `deploy.platform.keys`, `data` is for the simulators. The register of parties in `keys`
    names the simulators' address: it is written for these `ports`.
    """

    stack: Stack
    tenant: str
    ports: Mapping[str, int]
    keys: Path
    data: Path
    sms_auth_token: str
    clock_poll_s: float

    def url(self, program: str) -> str:
        """Where a part listens."""
        return f"http://127.0.0.1:{self.ports[program]}"


def programs(setting: Setting) -> dict[str, Program]:
    """Every part by name, in the order in which they are best started."""
    issuer = _app("deploy.issuer.app", setting.ports["issuer"], _issuer(setting), "/.well-known/jwks.json")
    argv = (sys.executable, "-m", "deploy.simulators")
    simulators = Program(argv, _simulators(setting), f"{setting.url('simulators')}/readyz")
    services = {
        name: _app(f"services.{name}.app", setting.ports[name], _service(setting, name), "/readyz")
        for name in registry.names()
    }
    return {"issuer": issuer, "simulators": simulators, **services}


def _app(module: str, port: int, env: Mapping[str, str], ready_path: str) -> Program:
    argv = [sys.executable, "-m", "uvicorn", f"{module}:create_app", "--factory"]
    argv += ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--no-server-header"]
    return Program(tuple(argv), env, f"http://127.0.0.1:{port}{ready_path}")


def _issuer(setting: Setting) -> dict[str, str]:
    return {"ISSUER_URL": setting.url("issuer"), "ISSUER_STATE": str(setting.keys)}


def _simulators(setting: Setting) -> dict[str, str]:
    return _common(setting) | {
        "OUTBOUND_ISSUER_URL": setting.url("issuer"),
        "SIMULATORS_STATE_DIRECTORY": str(setting.data),
        "SIMULATORS_KEYS_DIRECTORY": str(setting.keys),
        "SIMULATORS_TENANT": setting.tenant,
        "SIMULATORS_SMS_AUTH_TOKEN": setting.sms_auth_token,
        "SIMULATORS_PORT": str(setting.ports["simulators"]),
        "SIMULATORS_SMTP_PORT": str(setting.ports["smtp"]),
        "SIMULATORS_CLOCK_POLL_S": str(setting.clock_poll_s),
    }


def _service(setting: Setting, name: str) -> dict[str, str]:
    return {
        **_common(setting),
        **_kafka(setting.stack),
        "MALLOC_ARENA_MAX": "1",  # as in the image
        "PARTIES_FILE": str(setting.keys / REGISTER),
        "SEALING_KEYS_FILE": str(setting.keys / "sealing" / f"{name}.json"),
        "ACCESS_RECORDS_SIGNING_KEY_FILE": str(setting.keys / "access" / f"{name}.json"),
        **_OWN.get(name, _nothing)(setting),
    }


def _common(setting: Setting) -> dict[str, str]:
    issuer = setting.url("issuer")
    return _given("MONGO_") | {
        "MONGO_URI": setting.stack.mongo_uri,
        "CLOCK_MOVABLE": "true",
        "CLOCK_POLL_S": str(setting.clock_poll_s),
        "IDENTITY_ISSUER": issuer,
        "IDENTITY_JWKS_URL": f"{issuer}/.well-known/jwks.json",
    }


def _kafka(stack: Stack) -> dict[str, str]:
    """What our own environment says of a given broker, its credentials included, and what the stack knows of it."""
    return _given("KAFKA_") | {
        "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "KAFKA_IDEMPOTENT_PRODUCER": str(stack.idempotent_producer).lower(),
        "KAFKA_FETCH_MAX_WAIT_MS": str(stack.fetch_max_wait_ms),
    }


def _given(prefix: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(prefix)}


def _nothing(_setting: Setting) -> dict[str, str]:
    return {}


def _intake(setting: Setting) -> dict[str, str]:
    return {
        "INTAKE_EHR_URL": setting.url("simulators"),
        "INTAKE_PUBLIC_URL": setting.url("intake"),
        "INTAKE_PATHWAYS_FILE": str(CONFIG / "pathways.json"),
    }


def _authorization(setting: Setting) -> dict[str, str]:
    return {
        "AUTHORIZATION_PAYER_URL": setting.url("simulators"),
        "AUTHORIZATION_PUBLIC_URL": setting.url("authorization"),
        "AUTHORIZATION_PAYERS_FILE": str(CONFIG / "payers.json"),
    }


def _scheduling(setting: Setting) -> dict[str, str]:
    return {
        "SCHEDULING_OFFICES_URL": setting.url("simulators"),
        "SCHEDULING_PUBLIC_URL": setting.url("scheduling"),
        "SCHEDULING_REPORTS_URL": setting.url("intake"),
        "SCHEDULING_DIRECTORY_FILE": str(CONFIG / "directory.json"),
    }


def _notifications(setting: Setting) -> dict[str, str]:
    return {
        "NOTIFICATIONS_SENDER_NAME": "Sample Health",
        "NOTIFICATIONS_PHONE": "+16175550100",
        "NOTIFICATIONS_SMS_URL": setting.url("simulators"),
        "NOTIFICATIONS_SMS_CALLBACK_URL": setting.url("notifications"),
        "NOTIFICATIONS_SMS_ACCOUNT_SID": f"AC{'0' * 32}",
        "NOTIFICATIONS_SMS_AUTH_TOKEN": setting.sms_auth_token,
        "NOTIFICATIONS_SMS_SENDER": "+16175550100",
        "NOTIFICATIONS_MAIL_HOST": "127.0.0.1",
        "NOTIFICATIONS_MAIL_PORT": str(setting.ports["smtp"]),
        "NOTIFICATIONS_MAIL_SECURITY": "none",
        "NOTIFICATIONS_MAIL_SENDER": "referrals@example.com",
    }


def _tracking(setting: Setting) -> dict[str, str]:
    credentials = str(setting.keys / "clients" / f"{setting.tenant}-console.json")
    return {"OUTBOUND_ISSUER_URL": setting.url("issuer"), "TRACKING_CONSOLE_CREDENTIALS_FILE": credentials}


_OWN: Final[Mapping[str, Callable[[Setting], dict[str, str]]]] = {
    "intake": _intake,
    "authorization": _authorization,
    "scheduling": _scheduling,
    "notifications": _notifications,
    "tracking": _tracking,
}
"""What the settings class of a service asks for: values of this machine, which no blueprint can know."""
