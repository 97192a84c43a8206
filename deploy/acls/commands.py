"""The list as commands of `kafka-acls`, the tool that comes with every Kafka. Adding what is there changes nothing."""

import shlex
from collections.abc import Iterable

from deploy.acls.grants import Grant

CONFIG = "admin.properties"


def commands(granted: Iterable[Grant], bootstrap: str) -> list[str]:
    """One command per grant; who may alter ACLs says in `admin.properties` how it shows itself to the broker."""
    return [shlex.join(_command(grant, bootstrap)) for grant in granted]


def _command(grant: Grant, bootstrap: str) -> list[str]:
    said = ["kafka-acls", "--bootstrap-server", bootstrap, "--command-config", CONFIG, "--add"]
    said += ["--allow-principal", grant.principal]
    for operation in grant.operations:
        said += ["--operation", operation]
    if grant.pattern != "literal":
        said += ["--resource-pattern-type", grant.pattern]
    for name in grant.names:
        said += [f"--{grant.resource}", name]
    return said
