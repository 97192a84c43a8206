"""The command `throughline`: every command by name, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Final

import typer

from deploy.cli import access, acls, demo, doctor, key, keys, load, migrate, parked, show, status, token, topics, up
from deploy.cli.exits import EPILOG, ending_well

app = typer.Typer(
    name="throughline",
    help="Coordinates medical referrals until the consult report is back.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
parked_commands = typer.Typer(help="What waits for an operator: list, show, replay, discard.", no_args_is_help=True)
topics_commands = typer.Typer(help="The topics that the services tell their facts on.", no_args_is_help=True)
access_commands = typer.Typer(help="Records of who looked at what: verify.", no_args_is_help=True)
key_commands = typer.Typer(help="Keys by which counterparties know us.", no_args_is_help=True)

keys_commands = typer.Typer(help="Keys for seals and ids: rotate, list.", no_args_is_help=True)

_COMMANDS: Final[Mapping[typer.Typer, Mapping[str, Callable[..., None]]]] = {
    app: {
        "demo": demo.demo,
        "up": up.up,
        "load": load.load,
        "show": show.show,
        "status": status.status,
        "migrate": migrate.migrate,
        "token": token.token,
        "doctor": doctor.doctor,
    },
    parked_commands: {
        "list": parked.list_parked,
        "show": parked.show_parked,
        "replay": parked.replay,
        "discard": parked.discard,
    },
    topics_commands: {"apply": topics.apply, "acls": acls.acls},
    key_commands: {"new": key.new},
    keys_commands: {"rotate": keys.rotate, "list": keys.list_keys},
    access_commands: {"verify": access.verify_records},
}

for _group, _commands in _COMMANDS.items():
    for _name, _command in _commands.items():
        _group.command(_name, epilog=EPILOG)(ending_well(_command))
app.add_typer(parked_commands, name="parked")
app.add_typer(topics_commands, name="topics")
app.add_typer(key_commands, name="key")
app.add_typer(keys_commands, name="keys")
app.add_typer(access_commands, name="access")
