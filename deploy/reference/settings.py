"""The page of all settings, made from the classes that read them: nothing of a setting is written down twice.

What no class reads, because another program or a library does, stands in `_ELSEWHERE` by hand.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.cli.reach import ReachSettings, url_settings
from deploy.docker.setup import SetupSettings
from deploy.issuer.settings import IssuerSettings
from deploy.platform import registry
from deploy.simulators.settings import SimulatorsSettings
from shared.production import name_of
from shared.service import ServiceSettings
from shared.settings import (
    ClockSettings,
    HoldsKeys,
    IdentitySettings,
    KafkaSettings,
    MongoSettings,
    OnlyInDemos,
    OutboundSettings,
)


def _settings_of(service: str) -> type[ServiceSettings]:
    """The class that composes all settings of a service."""
    found = vars(import_module(f"services.{service}.settings")).values()
    return next(kind for kind in found if isinstance(kind, type) and ServiceSettings in kind.__bases__)


_SERVICES: Final[Mapping[str, type[ServiceSettings]]] = {name: _settings_of(name) for name in registry.names()}
_OTHERS: Final[Mapping[str, tuple[type[BaseSettings], ...]]] = {
    "the command line": (ReachSettings, url_settings()),
    "`throughline topics`": (KafkaSettings,),
    "`throughline migrate`": (MongoSettings,),
    "the set-up of the containers": (SetupSettings, KafkaSettings, MongoSettings),
    "the local issuer": (IssuerSettings,),
    "the simulators": (SimulatorsSettings, ClockSettings, MongoSettings, IdentitySettings, OutboundSettings),
}
_ELSEWHERE: Final = (
    (
        "SECRETS_DIRECTORY",
        "every service",
        "Folder with files named as settings, in lower case: a setting without a variable is read there",
    ),
    ("UVICORN_…", "every service", "Port, address and others of uvicorn; the image sets `UVICORN_PORT=8080`"),
    ("FORWARDED_ALLOW_IPS", "every service", "uvicorn: the proxies whose `X-Forwarded-…` headers are believed"),
    ("SSL_CERT_FILE", "every service", "PEM file of authorities to trust, for https and MongoDB"),
    ("THROUGHLINE_STACK", "`throughline demo`, `up`", "`docker`, `maven` or `embedded`: which local stack is started"),
    (
        "THROUGHLINE_STATE",
        "the command line",
        "File that says where `throughline up` runs; else below `XDG_STATE_HOME`",
    ),
    ("THROUGHLINE_DEBUG", "the command line", "Not empty: failures are shown with their traceback"),
    ("XDG_CACHE_HOME", "`throughline demo`, `up`", "Folder in which downloads of the local stack are kept"),
)
_KINDS: Final[Mapping[Any, str]] = {
    str: "text", int: "number", float: "number", bool: "`true`, `false`", Path: "file", SecretStr: "**secret**",
}  # fmt: skip
_HEAD: Final = """\
# Settings

Made from the code by `python -m deploy.reference`; a test fails where this page is not what the code says.

Settings are environment variables, read once at start. A **secret**, like any other, may instead be a file of the
variable's name in lower case in the folder that `SECRETS_DIRECTORY` names. A file with **keys** of a client holds
`{"client_id", "jwk"}`. A service that lacks a setting, or cannot use one, logs all such and ends with code 2.
*Not in production*: refused with [`THROUGHLINE_PROFILE=production`](production.md).
"""


@dataclass(frozen=True)
class Section:
    """The settings of one class, and who reads them."""

    kind: type[BaseSettings]
    readers: tuple[str, ...]

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """Those that the class itself has, in their order: what it only inherits stands at its base."""
        own = self.kind.__annotations__
        return {name: info for name, info in self.kind.model_fields.items() if name in own}


def sections() -> list[Section]:
    """Every class of settings that some program reads: first what all services share."""
    found: dict[type[BaseSettings], list[str]] = {}
    for service, composed in _SERVICES.items():
        for info in composed.model_fields.values():
            for kind in _with_bases(info.default_factory):
                found.setdefault(kind, []).append(service)
    for reader, kinds in _OTHERS.items():
        for kind in kinds:
            found.setdefault(kind, []).append(reader)
    return [Section(kind, _said(readers)) for kind, readers in found.items()]


def page() -> str:
    """The whole page, in Markdown."""
    return _HEAD + "".join(_section(found) for found in sections()) + _elsewhere()


def _with_bases(kind: Any) -> Iterator[type[BaseSettings]]:
    """A class and those it adds to, the first of them first."""
    ours = [each for each in kind.__mro__ if issubclass(each, BaseSettings) and each is not BaseSettings]
    yield from reversed(ours)


def _said(readers: list[str]) -> tuple[str, ...]:
    others = tuple(reader for reader in dict.fromkeys(readers) if reader not in _SERVICES)
    services = tuple(service for service in _SERVICES if service in readers)
    return ("every service", *others) if len(services) == len(_SERVICES) else (*services, *others)


def _section(section: Section) -> str:
    title = str(section.kind.model_config["env_prefix"])
    purpose = (section.kind.__doc__ or "").partition("\n")[0]
    rows = "".join(_row(section.kind, name, info) for name, info in section.fields.items())
    return f"\n## {title}… of {', '.join(section.readers)}\n\n{purpose}\n\n{_table_head()}{rows}"


def _table_head() -> str:
    return "| setting | what it is | unless given | what it is for |\n|---|---|---|---|\n"


def _row(kind: type[BaseSettings], name: str, info: FieldInfo) -> str:
    text = " ".join([(info.description or "").replace("\n", " "), *_in_production(info)])
    return f"| `{name_of(kind, name)}` | {_what(info)} | {_default(info)} | {text} |\n"


def _what(info: FieldInfo) -> str:
    kind = (
        "file with **keys**" if any(isinstance(mark, HoldsKeys) for mark in info.metadata) else _type(info.annotation)
    )
    bounds = [f"{word} {value}" for mark in info.metadata for word, value in _bounds(mark)]
    return ", ".join([kind, *bounds])


def _bounds(mark: Any) -> Iterator[tuple[str, Any]]:
    for name, word in (("ge", "from"), ("gt", "above"), ("le", "to")):
        if (value := getattr(mark, name, None)) is not None:
            yield word, value


def _type(annotation: Any) -> str:
    if get_origin(annotation) in {Union, types.UnionType}:
        return " or ".join(_type(each) for each in get_args(annotation) if each is not type(None))
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list"
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, HoldsKeys):
            return "file with **keys**"
    return _KINDS[annotation if annotation in _KINDS else get_args(annotation)[0]]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value is None or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _in_production(info: FieldInfo) -> Iterable[str]:
    refused = [str(value).lower() if isinstance(value, bool) else str(value) for value in _refused(info)]
    return [f"*Not in production*: {', '.join(f'`{value}`' for value in refused)}."] if refused else []


def _refused(info: FieldInfo) -> list[Any]:
    return [value for mark in info.metadata if isinstance(mark, OnlyInDemos) for value in mark.values]


def _elsewhere() -> str:
    rows = "".join(f"| `{name}` | {reader} | {purpose} |\n" for name, reader, purpose in _ELSEWHERE)
    return f"\n## Read by others\n\n| variable | of | what it is for |\n|---|---|---|\n{rows}"
