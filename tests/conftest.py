import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.stack import Stack
from tests.support.stack import stack_for_tests


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
