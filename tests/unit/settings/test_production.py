"""A service of real patients does not start with the settings of a demo, and says of each why."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.authorization.settings import AuthorizationSettings
from services.intake.settings import IntakeSettings
from services.notifications.settings import NotificationsSettings
from services.scheduling.settings import SchedulingSettings
from services.tracking.settings import TrackingSettings
from shared.service import ServiceSettings, settings_from_environment
from shared.service.starting import WRONG_SETTINGS, is_private
from tests.unit.settings.good import SECRET, URI, connection, environment, party, private, register

HTTP = "is an http address: give one that begins with https."
SHORT = "is empty or short: give a secret of at least 16 characters."
READABLE = "names a file that every user may read: take that right away (chmod o-rwx)."
WEAKENS = "MONGO_URI weakens the connection by {}: leave that option out."
PAYER = "PARTIES_FILE: payer medicare of tenant demo"


def demo(value: object, because: str) -> str:
    """What is said of a value that is for demos."""
    return f"{value}, which is for demos: {because}."


SETTINGS: dict[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "authorization": AuthorizationSettings,
    "scheduling": SchedulingSettings,
    "notifications": NotificationsSettings,
    "tracking": TrackingSettings,
}
BAD = [
    ("IDENTITY_ISSUER", "http://issuer.example", f"IDENTITY_ISSUER {HTTP}"),
    ("IDENTITY_JWKS_URL", "http://issuer.example/jwks", f"IDENTITY_JWKS_URL {HTTP}"),
    ("NOTIFICATIONS_SMS_URL", "http://sms.example", f"NOTIFICATIONS_SMS_URL {HTTP}"),
    ("NOTIFICATIONS_SMS_URL", None, f"NOTIFICATIONS_SMS_URL {HTTP}"),
    ("NOTIFICATIONS_SMS_CALLBACK_URL", "http://us.example", f"NOTIFICATIONS_SMS_CALLBACK_URL {HTTP}"),
    ("NOTIFICATIONS_SMS_AUTH_TOKEN", "", f"NOTIFICATIONS_SMS_AUTH_TOKEN {SHORT}"),
    ("NOTIFICATIONS_SMS_AUTH_TOKEN", "x" * 15, f"NOTIFICATIONS_SMS_AUTH_TOKEN {SHORT}"),
    ("NOTIFICATIONS_MAIL_PASSWORD", "", f"NOTIFICATIONS_MAIL_PASSWORD {SHORT}"),
    ("KAFKA_SASL_PASSWORD", "secret", f"KAFKA_SASL_PASSWORD {SHORT}"),
    (
        "NOTIFICATIONS_SMS_ACCOUNT_SID",
        None,
        "NOTIFICATIONS_SMS_ACCOUNT_SID is " + demo(f"AC{'0' * 32}", "it is nobody's account: give the gateway's"),
    ),
    (
        "NOTIFICATIONS_MAIL_SECURITY",
        "none",
        "NOTIFICATIONS_MAIL_SECURITY is "
        + demo("none", "messages to patients would travel in the clear: give starttls or tls"),
    ),
    (
        "CLOCK_MOVABLE",
        "true",
        "CLOCK_MOVABLE is True, which is for demos: nobody may move the time of real patients: leave it out.",
    ),
    (
        "KAFKA_REPLICATION",
        "2",
        "KAFKA_REPLICATION is " + demo(2, "the loss of a broker would lose facts or stop the service: give 3"),
    ),
    (
        "KAFKA_IDEMPOTENT_PRODUCER",
        "false",
        "KAFKA_IDEMPOTENT_PRODUCER is "
        + demo(False, "a retry could write a fact twice: leave it out, with a broker that is real"),
    ),
    *(
        (
            "KAFKA_SECURITY_PROTOCOL",
            protocol,
            "KAFKA_SECURITY_PROTOCOL is " + demo(protocol, "facts would travel in the clear: give SASL_SSL or SSL"),
        )
        for protocol in ("PLAINTEXT", "SASL_PLAINTEXT")
    ),
    (
        "KAFKA_SECURITY_PROTOCOL",
        "SSL",
        "KAFKA_SECURITY_PROTOCOL is SSL, where only a certificate says who we are: give KAFKA_CERTIFICATE_FILE.",
    ),
    (
        "KAFKA_SASL_MECHANISM",
        None,
        "KAFKA_SASL_MECHANISM is not set, which KAFKA_SECURITY_PROTOCOL asks for.",
    ),
    (
        "KAFKA_SASL_PASSWORD",
        None,
        "SCRAM-SHA-512 needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.",
    ),
    (
        "KAFKA_SASL_MECHANISM",
        "OAUTHBEARER",
        "OAUTHBEARER needs KAFKA_OAUTH_TOKEN_URL and KAFKA_OAUTH_CREDENTIALS_FILE.",
    ),
    (
        "KAFKA_CERTIFICATE_FILE",
        "us.pem",
        "KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE go together: give both.",
    ),
    ("MONGO_URI", URI.replace("&tls=true", ""), "MONGO_URI does not ask for TLS: add tls=true."),
    ("MONGO_URI", URI.replace("tls=true", "tls=false"), "MONGO_URI does not ask for TLS: add tls=true."),
    (
        "MONGO_URI",
        URI.replace(f"notifications:{SECRET}@", ""),
        "MONGO_URI names no user: give each service a user of its own.",
    ),
    (
        "MONGO_URI",
        URI.replace(SECRET, "short"),
        "MONGO_URI has no password or a short one: give at least 16 characters.",
    ),
    ("MONGO_URI", f"{URI}&tlsAllowInvalidCertificates=true", WEAKENS.format("tlsallowinvalidcertificates")),
    ("MONGO_URI", f"{URI}&tlsInsecure=true", WEAKENS.format("tlsinsecure")),
    ("MONGO_URI", f"{URI}&tlsAllowInvalidHostnames=true", WEAKENS.format("tlsallowinvalidhostnames")),
    ("MONGO_URI", f"{URI}&readPreference=secondary", WEAKENS.format("readpreference")),
    ("MONGO_URI", f"{URI}&retryWrites=false", WEAKENS.format("retrywrites")),
    ("MONGO_URI", f"{URI}&directConnection=true", WEAKENS.format("directconnection")),
    ("MONGO_URI", f"{URI}&w=1", "MONGO_URI cannot be used: The MongoDB URI must leave the write concern at majority."),
    ("MONGO_URI", f"{URI}&journal=false", "MONGO_URI cannot be used: The MongoDB URI must leave journaling on."),
    ("MONGO_URI", None, "MONGO_URI is not set."),
    ("PARTIES_FILE", "nowhere.json", "PARTIES_FILE names a file that is not there."),
    ("PARTIES_FILE", "pyproject.toml", "PARTIES_FILE names no register of parties: see docs/connections.md."),
    ("KAFKA_CA_FILE", "nowhere.pem", "KAFKA_CA_FILE names a file that is not there."),
    (
        "THROUGHLINE_PROFILE",
        "prod",
        "THROUGHLINE_PROFILE cannot be used: Input should be 'demo' or 'production'.",
    ),
]
OTHERS = [
    ("intake", "INTAKE_EHR_URL", HTTP),
    ("intake", "INTAKE_PUBLIC_URL", HTTP),
    ("authorization", "AUTHORIZATION_PAYER_URL", HTTP),
    ("authorization", "AUTHORIZATION_PUBLIC_URL", HTTP),
    (
        "authorization",
        "AUTHORIZATION_PAYERS_FILE",
        "is deploy/config/payers.json, which is for demos: its payers are invented: name a list of yours.",
    ),
    ("scheduling", "SCHEDULING_OFFICES_URL", HTTP),
    ("scheduling", "SCHEDULING_PUBLIC_URL", HTTP),
    ("scheduling", "SCHEDULING_REPORTS_URL", HTTP),
    (
        "scheduling",
        "SCHEDULING_DIRECTORY_FILE",
        "is deploy/config/directory.json, which is for demos: its providers are invented: name a directory of yours.",
    ),
]


def started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str], service: str
) -> list[str]:
    """Why this service refuses this environment, as its log says."""
    for name in os.environ.keys() | given.keys():
        if name in given:
            monkeypatch.setenv(name, given[name])
        else:
            monkeypatch.delenv(name)
    with contextlib.suppress(SystemExit):
        settings_from_environment(SETTINGS[service], service)
    return [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]


class TestProduction:
    def test_takes_what_a_production_has(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """TLS, users, secrets of some length, three copies, partners by https."""
        assert [] == started(monkeypatch, capsys, environment(tmp_path), "notifications")

    @pytest.mark.parametrize(("name", "value", "sentence"), BAD, ids=[f"{row[0]}={row[1]}" for row in BAD])
    def test_refuses_what_a_demo_has(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        name: str,
        value: str | None,
        sentence: str,
    ) -> None:
        """Each by the name of its setting and by what to do about it, and by nothing else."""
        given = environment(tmp_path) | ({} if value is None else {name: value})
        if value is None:
            del given[name]

        assert [sentence] == started(monkeypatch, capsys, given, "notifications")

    @pytest.mark.parametrize(("service", "name", "sentence"), OTHERS)
    def test_refuses_the_defaults_of_every_service(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        service: str,
        name: str,
        sentence: str,
    ) -> None:
        """They lead to the simulators, or to invented payers and providers."""
        assert f"{name} {sentence}" in started(monkeypatch, capsys, environment(tmp_path), service)

    @pytest.mark.parametrize(
        ("one", "flaw"),
        [
            (party(endpoint="http://payer.example"), "has an http endpoint: give one that begins with https."),
            (
                party(connection=connection(token_url="http://payer.example/token")),
                "has an http token_url: give one that begins with https.",
            ),
            (
                party(connection=connection(key_file="open.json")),
                "has a key_file that every user may read: take that right away (chmod o-rwx).",
            ),
            (
                party(connection=connection(client_key="open.json")),
                "has a client_key that every user may read: take that right away (chmod o-rwx).",
            ),
        ],
    )
    def test_refuses_a_partner_that_is_asked_in_the_clear(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        one: dict[str, object],
        flaw: str,
    ) -> None:
        """Patients' data and our tokens go there."""
        given = environment(tmp_path)
        (tmp_path / "open.json").write_text("{}")
        (tmp_path / "open.json").chmod(0o644)
        register(tmp_path, one)

        assert [f"{PAYER} {flaw}"] == started(monkeypatch, capsys, given, "notifications")

    @pytest.mark.parametrize(
        ("service", "name"), [("notifications", "SEALING_KEYS_FILE"), ("tracking", "TRACKING_CONSOLE_CREDENTIALS_FILE")]
    )
    def test_refuses_keys_that_every_user_may_read(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        service: str,
        name: str,
    ) -> None:
        """Whoever else has a shell there could open every seal."""
        keys = private(tmp_path / "keys.json")
        given = environment(tmp_path) | {"OUTBOUND_ISSUER_URL": "https://issuer.example", name: str(keys)}
        given.setdefault("TRACKING_CONSOLE_CREDENTIALS_FILE", str(keys))
        assert [] == started(monkeypatch, capsys, given, service)

        keys.chmod(0o604)

        assert [f"{name} {READABLE}"] == started(monkeypatch, capsys, given, service)

    def test_says_all_that_is_wrong_at_once_and_no_secret(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """An operator mends everything in one go, and may show the log to anybody."""
        given = environment(tmp_path) | {
            "MONGO_URI": "mongodb://us:hunter2@db.example/?readPreference=secondary",
            "CLOCK_MOVABLE": "true",
            "IDENTITY_ISSUER": "http://issuer.example",
        }

        said = started(monkeypatch, capsys, given, "notifications")

        assert ["MONGO_URI"] * 3 + ["CLOCK_MOVABLE", "IDENTITY_ISSUER"] == [line.partition(" ")[0] for line in said]
        assert "hunter2" not in "".join(said)

    @pytest.mark.parametrize(
        "uri",
        [URI, f"mongodb+srv://us:{SECRET}@db.example/", "mongodb://db.example/?tls=true&authMechanism=MONGODB-X509"],
    )
    def test_knows_the_ways_to_reach_a_database(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, uri: str
    ) -> None:
        """SRV records bring TLS with them; a certificate needs no password."""
        assert [] == started(monkeypatch, capsys, environment(tmp_path) | {"MONGO_URI": uri}, "notifications")


class TestDemo:
    def test_takes_what_production_refuses(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """It is what a service is unless told."""
        given = environment(tmp_path) | {"CLOCK_MOVABLE": "true", "NOTIFICATIONS_MAIL_SECURITY": "none"}
        del given["THROUGHLINE_PROFILE"]

        assert [] == started(monkeypatch, capsys, given, "notifications")

    def test_says_everything_that_is_missing(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Also of a demo: nobody wants to hear of one setting at a time."""
        said = started(monkeypatch, capsys, {}, "intake")

        names = ("KAFKA_BOOTSTRAP", "MONGO_URI", "IDENTITY_ISSUER", "IDENTITY_JWKS_URL", "SEALING_KEYS_FILE")
        assert [f"{name} is not set." for name in (*names, "PARTIES_FILE")] == said


class TestIsPrivate:
    def test_leaves_a_missing_file_to_whoever_reads_it(self, tmp_path: Path) -> None:
        """Its absence is a refusal of its own."""
        assert is_private(tmp_path / "nothing")


def test_the_process_ends_with_code_2_before_anything_is_reached(tmp_path: Path) -> None:
    """As uvicorn starts it: an orchestrator sees that trying again does not help."""
    given = environment(tmp_path) | {"CLOCK_MOVABLE": "true", "PYTHONPATH": ".", "PATH": os.environ["PATH"]}
    argv = [sys.executable, "-m", "uvicorn", "services.notifications.app:create_app", "--factory", "--port", "0"]

    done = subprocess.run(argv, env=given, capture_output=True, text=True, check=False, timeout=60)

    assert WRONG_SETTINGS == done.returncode, done.stderr
    assert ["CLOCK_MOVABLE"] == [json.loads(line)["event"].partition(" ")[0] for line in done.stdout.splitlines()]
