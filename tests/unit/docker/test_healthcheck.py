import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.docker import healthcheck
from deploy.local.ports import free_port


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Something on a port that answers /readyz with this status, and everything else with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def exit_code(port: int) -> int:
    """How the check ends, run as in the image: without site packages."""
    argv = [sys.executable, "-I", "-S", str(Path(healthcheck.__file__)), str(port)]
    return subprocess.run(argv, check=False, capture_output=True, timeout=60).returncode


class TestHealthcheck:
    @pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1), (500, 1)])
    def test_is_content_with_200_alone(self, status: int, code: int) -> None:
        """A part that says that it is not ready is not ready, whatever else it says."""
        with answering(status) as port:
            assert code == exit_code(port)

    def test_refuses_silence(self) -> None:
        """Nobody listens."""
        assert 1 == exit_code(free_port())
