import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.stack import Stack
from tests.support.stack import stack_for_tests

_SAID = pytest.StashKey[list[str]]()
_OUTPUT = "said_by_tests"


def pytest_configure() -> None:
    """Begin as every test expects it.

    What runs in the background ignores Ctrl-C, and so would all that tests start and then interrupt. And how long an
    example takes is the machine's affair: a busy one is no fault of the code.
    """
    settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A broker and a database for the whole run; whoever uses them takes names of their own in them."""
    with stack_for_tests(tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Say a line at the end of the run, whatever pytest captured, on whichever worker: how much was proved."""
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
