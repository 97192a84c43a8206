"""The broker and the database that tests share: containers where Docker runs, the local stack otherwise."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.containers import fetch, find
from deploy.local.processes import Processes
from deploy.local.stack import Stack, local_stack
from deploy.local.tools import Lacking
from tests.support.containers import containers

TESTCONTAINERS = "testcontainers"
_DECIDES = ("THROUGHLINE_STACK", "KAFKA_BOOTSTRAP", "MONGO_URI")


@contextmanager
def stack_for_tests(directory: Path) -> Iterator[Stack]:
    """Yield a stack that answers. THROUGHLINE_STACK names it: testcontainers, or a kind that `local_stack` knows.

    Without it, and without addresses that name a given one, it is testcontainers where a Docker engine answers.
    """
    asked_for = os.environ.get("THROUGHLINE_STACK")
    if asked_for == TESTCONTAINERS or (not any(map(os.environ.get, _DECIDES)) and _docker_has_images(directory)):
        with containers() as stack:
            yield stack
    else:
        with local_stack(directory, print) as stack:
            yield stack


def _docker_has_images(directory: Path) -> bool:
    try:
        find()
        with Processes(directory) as programs:
            fetch(programs, print)
    except Lacking:
        return False
    return True
