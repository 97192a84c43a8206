"""What is refused with THROUGHLINE_PROFILE=production: settings that are for demos and tests alone.

Each flaw is a sentence that names the setting and says what to do, and holds no address and no secret. What one field
alone can tell is marked there (`OnlyInDemos`, `HoldsKeys`). Nothing is reached and no file is opened here.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shared.parties import Party
from shared.settings import AccessRecordsSettings, HoldsKeys, KafkaSettings, MongoSettings, OnlyInDemos

SHORTEST_SECRET: Final = 16
_IN_THE_CLEAR: Final = "http://"
_PROVES_ITSELF_OTHERWISE: Final = frozenset({"MONGODB-X509", "MONGODB-AWS", "MONGODB-OIDC"})
"""Ways to log in to MongoDB without a user in the URI."""
_ODD: Final = {
    "tlsinsecure": ("false",),
    "tlsallowinvalidcertificates": ("false",),
    "tlsallowinvalidhostnames": ("false",),
    "directconnection": ("false",),
    "readpreference": ("primary",),
    "retrywrites": ("true",),
}
"""Options of the URI that weaken it, with the only values that do not."""

IsPrivate = Callable[[Path], bool]


def flaws(slices: Iterable[BaseSettings], parties: Iterable[Party], folder: Path, is_private: IsPrivate) -> list[str]:
    """Everything that production refuses, in the order of the settings.

    `folder` is where the register of parties lies, below which its keys are; `is_private` says whether only a file's
    own user and group may read it.
    """
    found = [flaw for settings in slices for flaw in _of_slice(settings, is_private)]
    return [*found, *(flaw for party in parties for flaw in _of_party(party, folder, is_private))]


def name_of(kind: type[BaseSettings], field: str) -> str:
    """The variable that a field is read from."""
    return f"{kind.model_config['env_prefix']}{field}".upper()


def _of_slice(settings: BaseSettings, is_private: IsPrivate) -> Iterator[str]:
    kind = type(settings)
    for field, info in kind.model_fields.items():
        yield from _of_value(name_of(kind, field), getattr(settings, field), info, is_private)
    if isinstance(settings, MongoSettings):
        yield from _of_mongo(settings.uri.get_secret_value())
    if isinstance(settings, AccessRecordsSettings) and settings.signing_key_file is None:
        yield "ACCESS_RECORDS_SIGNING_KEY_FILE is not set: access records that somebody rewrites would look whole."
    if isinstance(settings, KafkaSettings):
        yield from _of_kafka(settings)


def _of_value(name: str, value: Any, info: FieldInfo, is_private: IsPrivate) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_IN_THE_CLEAR):
        yield f"{name} is an http address: give one that begins with https."
    if isinstance(value, SecretStr) and len(value.get_secret_value()) < SHORTEST_SECRET:
        yield f"{name} is empty or short: give a secret of at least {SHORTEST_SECRET} characters."
    for mark in info.metadata:
        if isinstance(mark, OnlyInDemos) and value in mark.values:
            yield f"{name} is {value}, which is for demos: {mark.because}."
        if isinstance(mark, HoldsKeys) and value is not None and not is_private(value):
            yield f"{name} names a file that every user may read: take that right away (chmod o-rwx)."


def _of_kafka(settings: KafkaSettings) -> Iterator[str]:
    if settings.security_protocol == "SSL" and settings.certificate_file is None:
        yield "KAFKA_SECURITY_PROTOCOL is SSL, where only a certificate says who we are: give KAFKA_CERTIFICATE_FILE."


def _of_mongo(uri: str) -> Iterator[str]:
    parts = urlsplit(uri)
    options = {name: values[-1] for name, values in parse_qs(parts.query.lower(), keep_blank_values=True).items()}
    has_tls = options.get("tls", options.get("ssl", "true" if parts.scheme == "mongodb+srv" else "false"))
    if has_tls != "true":
        yield "MONGO_URI does not ask for TLS: add tls=true."
    yield from _of_mongo_user(parts, options.get("authmechanism", "").upper())
    for option, harmless in _ODD.items():
        if options.get(option, harmless[0]) not in harmless:
            yield f"MONGO_URI weakens the connection by {option}: leave that option out."


def _of_mongo_user(parts: SplitResult, mechanism: str) -> Iterator[str]:
    if mechanism in _PROVES_ITSELF_OTHERWISE:
        return
    who, _, _ = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    if not user:
        yield "MONGO_URI names no user: give each service a user of its own."
    elif len(unquote(password)) < SHORTEST_SECRET:
        yield f"MONGO_URI has no password or a short one: give at least {SHORTEST_SECRET} characters."


def _of_party(party: Party, folder: Path, is_private: IsPrivate) -> Iterator[str]:
    who = f"PARTIES_FILE: {party.kind} {party.id} of tenant {party.tenant}"
    if party.endpoint and party.endpoint.startswith(_IN_THE_CLEAR):
        yield f"{who} has an http endpoint: give one that begins with https."
    if connection := party.connection:
        if connection.token_url.startswith(_IN_THE_CLEAR):
            yield f"{who} has an http token_url: give one that begins with https."
        for field in ("key_file", "client_key"):
            file = getattr(connection, field)
            if file is not None and not is_private(folder / file):
                yield f"{who} has a {field} that every user may read: take that right away (chmod o-rwx)."
