import signal
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.support.stack import stack_for_tests


def pytest_configure() -> None:
    """What runs in the background ignores Ctrl-C, and so would all that tests start and then interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A broker and a database for the whole run; whoever uses them takes names of their own in them."""
    with stack_for_tests(tmp_path_factory.mktemp("stack")) as found:
        yield found
