"""`throughline topics acls`: who needs to do what on the broker. Prints, and applies nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import RenderableType

from deploy.acls import Grant, Impersonated, Prefixes, bindings, commands, grants
from deploy.cli import screen
from deploy.cli.exits import Failure
from deploy.platform import registry


def _plain(value: str) -> str:
    """Refuse what would need quoting in some tool or other, and `*`, which is everybody."""
    if not all(character.isascii() and (character.isalnum() or character in "._-") for character in value):
        raise typer.BadParameter("Only letters, digits, and . _ - may be in it.")
    return value


def _plain_names(values: list[str]) -> list[str]:
    if not all(values):
        raise typer.BadParameter("A subscriber has a name.")
    return [_plain(value) for value in values]


Prefix = Annotated[str, typer.Option("--prefix", callback=_plain, help="What stands before the service's name.")]
OfTopics = Annotated[
    str, typer.Option("--topic-prefix", envvar="KAFKA_TOPIC_PREFIX", callback=_plain, help="As the services have it.")
]
OfGroups = Annotated[
    str, typer.Option("--group-prefix", envvar="KAFKA_GROUP_PREFIX", callback=_plain, help="As the services have it.")
]
Subscribers = Annotated[
    list[str], typer.Option("--subscriber", callback=_plain_names, help="Another team that reads; may be repeated.")
]
Bootstrap = Annotated[
    str | None, typer.Option("--commands", metavar="BOOTSTRAP", help="As kafka-acls commands for the broker there.")
]


def acls(
    *,
    prefix: Prefix = "throughline-",
    topic_prefix: OfTopics = "",
    group_prefix: OfGroups = "",
    subscriber: Subscribers = [],  # noqa: B006 - typer's way to say "none", and nobody changes it
    commands_for: Bootstrap = None,
    as_json: screen.AsJson = False,
) -> None:
    """Print what each service may do on the broker, and no more: derived from what it consumes and publishes."""
    try:
        granted = grants(registry.blueprints().values(), Prefixes(prefix, topic_prefix, group_prefix), subscriber)
    except Impersonated as refusal:
        raise Failure(str(refusal), "Name the subscriber otherwise.") from None
    document = {"acls": [{**asdict(found), "permission": "Allow", "host": "*"} for found in bindings(granted)]}
    screen.show(document, as_json=as_json, tables=lambda: _shown(granted, commands_for))


def _shown(granted: Sequence[Grant], bootstrap: str | None) -> Iterable[RenderableType]:
    if bootstrap:
        return commands(granted, bootstrap)
    rows = [
        (grant.principal, ", ".join(grant.operations), grant.resource, _names(grant), grant.purpose)
        for grant in granted
    ]
    return [screen.table("ACLs: allowed, from any host", "principal", "may", "", "named", "to", rows=rows)]


def _names(grant: Grant) -> str:
    return "\n".join(name if grant.pattern == "literal" else f"{name}…" for name in grant.names)
