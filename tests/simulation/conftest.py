"""What the simulations played is said at the end of a test run, whatever pytest captured, on whichever worker."""

from collections.abc import Callable
from typing import Any

import pytest

_SAID = pytest.StashKey[list[str]]()
_OUTPUT = "said_by_simulations"


@pytest.fixture
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Say a line at the end of the run."""
    return _said(pytestconfig).append


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of a distributed run hands over what was said there."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = _said(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker said."""
    _said(node.config).extend(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what was said."""
    for line in _said(config):
        terminalreporter.write_line(line)


def _said(config: pytest.Config) -> list[str]:
    return config.stash.setdefault(_SAID, [])
