"""The environment of a notifications service that production takes, and files for it."""

import json
from pathlib import Path

SECRET = "invented-secret-4711"
URI = f"mongodb://notifications:{SECRET}@db.example:27017/?replicaSet=rs0&tls=true"


def party(**fields: object) -> dict[str, object]:
    """A payer that is asked as production asks."""
    return {"tenant": "demo", "kind": "payer", "id": "medicare", "endpoint": "https://payer.example", **fields}


def connection(**fields: object) -> dict[str, object]:
    """How we prove ourselves to it."""
    return {"token_url": "https://payer.example/token", "client_id": "us", "key_file": "payer.json", **fields}


def private(file: Path, content: str = "{}") -> Path:
    """A file for its user alone."""
    file.write_text(content)
    file.chmod(0o600)
    return file


def register(folder: Path, *parties: dict[str, object]) -> Path:
    """A register of these parties."""
    return private(folder / "parties.json", json.dumps(parties))


def environment(folder: Path) -> dict[str, str]:
    """Every variable that such a service needs in production."""
    return {
        "THROUGHLINE_PROFILE": "production",
        "MONGO_URI": URI,
        "KAFKA_BOOTSTRAP": "kafka.example:9093",
        "KAFKA_REPLICATION": "3",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": "throughline-notifications",
        "KAFKA_SASL_PASSWORD": SECRET,
        "IDENTITY_ISSUER": "https://issuer.example",
        "IDENTITY_JWKS_URL": "https://issuer.example/jwks",
        "SEALING_KEYS_FILE": str(private(folder / "sealing.json", '{"keys": []}')),
        "ACCESS_RECORDS_SIGNING_KEY_FILE": str(private(folder / "access.json")),
        "PARTIES_FILE": str(register(folder, party(connection=connection()))),
        "NOTIFICATIONS_SENDER_NAME": "Sample Health",
        "NOTIFICATIONS_PHONE": "+16175550100",
        "NOTIFICATIONS_SMS_AUTH_TOKEN": SECRET,
        "NOTIFICATIONS_SMS_ACCOUNT_SID": f"AC{'1' * 32}",
        "NOTIFICATIONS_SMS_SENDER": "+16175550100",
        "NOTIFICATIONS_SMS_URL": "https://sms.example",
        "NOTIFICATIONS_SMS_CALLBACK_URL": "https://notifications.example",
        "NOTIFICATIONS_MAIL_HOST": "mail.example",
        "NOTIFICATIONS_MAIL_SENDER": "referrals@example.com",
    }
