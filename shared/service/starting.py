"""Reading a service's settings when its process starts: all that is wrong with them is said at once, then it ends.

Nothing is reached before. What production refuses is not decided here: that is `shared.production`.
"""

import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from shared.parties import Party, Register
from shared.production import flaws, name_of
from shared.service.assembly import ServiceSettings
from shared.telemetry import configure, misconfigured

WRONG_SETTINGS: Final = 2
"""The exit code of a process whose settings are refused."""
Settings = TypeVar("Settings", bound=ServiceSettings)


def settings_from_environment(kind: type[Settings], service: str) -> Settings:
    """A service's settings. Ends the process with code 2 where they are refused, each reason being a log line."""
    slices, wrong = _read(kind)
    if not wrong:
        settings = kind.model_validate(slices)
        wrong = [*_missing_files(slices.values()), *_refused_in_production(settings)]
        if not wrong:
            return settings
    configure(service)
    for sentence in wrong:
        misconfigured(sentence)
    sys.exit(WRONG_SETTINGS)


def is_private(path: Path) -> bool:
    """Whether only a file's user and group may read it. One that is not there is somebody else's refusal."""
    try:
        return not path.stat().st_mode & stat.S_IRWXO
    except OSError:
        return True


def _read(kind: type[ServiceSettings]) -> tuple[dict[str, BaseSettings], list[str]]:
    """Every slice that can be read, and what is wrong with the others."""
    slices, wrong = dict[str, BaseSettings](), list[str]()
    for field, info in kind.model_fields.items():
        make: Any = info.default_factory
        try:
            slices[field] = make()
        except ValidationError as error:
            wrong += [sentence for sentence in _sentences(error, make) if sentence not in wrong]
    return slices, wrong


def _sentences(error: ValidationError, kind: type[BaseSettings]) -> list[str]:
    """What was not given, or cannot be used. Pydantic's messages hold no value, since its inputs are hidden."""
    return [_sentence(kind, flaw) for flaw in error.errors(include_input=False, include_url=False)]


def _sentence(kind: type[BaseSettings], flaw: ErrorDetails) -> str:
    """What is wrong with a field; or with several of them, which that sentence names itself."""
    said = flaw["msg"].removeprefix("Value error, ").rstrip(".") + "."
    if not flaw["loc"]:
        return said
    name = name_of(kind, str(flaw["loc"][0]))
    return f"{name} is not set." if flaw["type"] == "missing" else f"{name} cannot be used: {said}"


def _missing_files(slices: Iterable[BaseSettings]) -> list[str]:
    """Found now, and not when the first connection is made."""
    files = [
        (name_of(type(found), field), value)
        for found in slices
        for field in type(found).model_fields
        if isinstance(value := getattr(found, field), Path)
    ]
    return [f"{name} names a file that is not there." for name, file in files if not file.exists()]


def _refused_in_production(settings: ServiceSettings) -> list[str]:
    if settings.deployment.profile != "production":
        return []
    slices = [getattr(settings, field) for field in type(settings).model_fields]
    file = settings.parties.file
    parties, unreadable = _parties(file)
    return [*flaws(slices, parties, file.parent, is_private), *unreadable]


def _parties(file: Path) -> tuple[tuple[Party, ...], list[str]]:
    try:
        return Register.from_file(file).parties, []
    except OSError:
        return (), []
    except ValueError:
        return (), ["PARTIES_FILE names no register of parties: see docs/connections.md."]
