"""Logs carry allowed fields and fixed sentences; what patients are called, or suffer from, never gets there."""

import ast
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.errors import Conflict
from shared.telemetry import ALLOWED_FIELDS, child_of, configure

CANARY = "Zephyrine Quillfeather"
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What has been logged since the last look; logging is put back afterwards."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logging.captureWarnings(capture=False)  # what an earlier test captured pytest took back: else this captures none
    configure("intake", stream=stream)

    def read() -> list[dict[str, Any]]:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield read
    root.handlers[:], root.level = before, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


Lines = Callable[[], list[dict[str, Any]]]


class TestFields:
    def test_carry_what_is_allowed(self, lines: Lines) -> None:
        """A line says what happened, where, and to which opaque id."""
        with child_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
            structlog.get_logger().info("fact published", topic="referral.public.intake.v1", sequence=7)

        (line,) = lines()
        del line["timestamp"]
        assert {
            "event": "fact published",
            "level": "info",
            "service": "intake",
            "topic": "referral.public.intake.v1",
            "sequence": 7,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        } == line

    def test_drop_what_is_not(self, lines: Lines) -> None:
        """A field that nobody allowed disappears with its name and its value."""
        structlog.get_logger().info("fact published", patient_name=CANARY, mrn=4711)

        assert {"event", "level", "service", "timestamp"} == lines()[0].keys()

    @pytest.mark.parametrize("value", [CANARY, "a@b.example", "x" * 200, {"name": CANARY}, [CANARY], b"raw"])
    def test_withhold_prose_in_allowed_fields(self, lines: Lines, value: object) -> None:
        """An allowed name is no licence for free text: that is where patients appear."""
        structlog.get_logger().info("fact published", reason=value)

        assert "withheld" == lines()[0]["reason"]


class TestExceptions:
    def test_are_told_by_type_and_place(self, lines: Lines) -> None:
        """Messages, arguments and locals may hold patient data; the type and the line are enough to find the fault."""
        structlog.get_logger().error("work failed", exc_info=_thrown(ValueError(CANARY)))

        (line,) = lines()
        assert "builtins.ValueError" == line["error"]
        assert any("test_logs.py" in frame and "_throw" in frame for frame in line["frames"])
        assert CANARY not in json.dumps(line)

    def test_are_told_with_their_causes(self, lines: Lines) -> None:
        """A wrapped fault and the members of a group are named, each without its message."""
        group = _thrown(ExceptionGroup(CANARY, [_thrown(OSError(CANARY)), ValueError(CANARY)]))
        group.__cause__ = _thrown(KeyError(CANARY))
        structlog.get_logger().error("batch failed", exc_info=group)

        (line,) = lines()
        told = [cause.split(" at ")[0] for cause in line["causes"]]
        assert ["builtins.OSError", "builtins.ValueError", "builtins.KeyError"] == told
        assert CANARY not in json.dumps(line)

    def test_are_told_with_a_refusals_code(self, lines: Lines) -> None:
        """A code is ours and stable; it is told where there is one."""
        structlog.get_logger().error("work failed", exc_info=_thrown(Conflict("other_content", CANARY)))

        assert "other_content" == lines()[0]["code"]


class TestLibraries:
    @pytest.mark.parametrize("name", ["uvicorn.error", "aiokafka.consumer", "asyncio", "pymongo", "anything"])
    def test_never_pass_on_arguments(self, lines: Lines, name: str) -> None:
        """A library's message is its template at most, and only if that library was read."""
        logging.getLogger(name).error("Lost %s", CANARY)

        (line,) = lines()
        assert name == line["logger"]
        assert CANARY not in json.dumps(line)

    def test_never_pass_on_an_unknown_message(self, lines: Lines) -> None:
        """Who puts values into the message itself is not trusted with any message."""
        logging.getLogger("anything").error(CANARY)

        assert ["logged by a library"] == [line["event"] for line in lines()]

    def test_keep_a_trusted_template(self, lines: Lines) -> None:
        """What Kafka's client says is worth reading, without what it says it about."""
        logging.getLogger("aiokafka.consumer").warning("Heartbeat failed for group %s", CANARY)

        (line,) = lines()
        assert ("Heartbeat failed for group %s", "aiokafka.consumer") == (line["event"], line["logger"])

    def test_keep_only_the_first_line_of_a_traceback(self, lines: Lines) -> None:
        """When start-up fails, uvicorn logs a whole traceback as one message."""
        logging.getLogger("uvicorn.error").error("Traceback (most recent call last):\n  %s", f"ValueError: {CANARY}")

        assert "Traceback (most recent call last):" == lines()[0]["event"]

    def test_keep_the_type_of_their_exceptions(self, lines: Lines) -> None:
        """The event loop writes the exception into the message; we keep its type and frames alone."""
        error = _thrown(RuntimeError(CANARY))
        logging.getLogger("asyncio").error("Task failed: %r", error, exc_info=error)

        (line,) = lines()
        assert ("logged by a library", "builtins.RuntimeError") == (line["event"], line["error"])
        assert CANARY not in json.dumps(line)

    def test_keep_what_the_loop_says_of_what_nobody_waited_for(self, lines: Lines) -> None:
        """A fixed sentence says what was left behind; the lines below it hold whatever that was."""
        logging.getLogger("asyncio").error(f"Unclosed AIOKafkaConnection\nconn: {CANARY}")  # noqa: G004 - as it does

        (line,) = lines()
        assert "Unclosed AIOKafkaConnection" == line["event"]
        assert CANARY not in json.dumps(line)

    def test_log_no_requests(self, lines: Lines) -> None:
        """The server's access log would write paths and queries."""
        logging.getLogger("uvicorn.access").info('%s - "%s"', "client", f"GET /?name={CANARY}")

        assert [] == lines()

    def test_pass_on_warnings_without_their_text(self, lines: Lines) -> None:
        """A warning's text is as free as any message."""
        warnings.warn(CANARY, stacklevel=1)

        (line,) = lines()
        assert ("logged by a library", "py.warnings") == (line["event"], line["logger"])
        assert CANARY not in json.dumps(line)


LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
SOURCES = sorted(path for folder in ("shared", "services") for path in (REPOSITORY / folder).rglob("*.py"))


class TestOurOwnCalls:
    @pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
    def test_say_fixed_sentences_and_allowed_fields(self, path: Path) -> None:
        """An event that is put together could hold anything, and a field outside the list would vanish unseen."""
        for call in _log_calls(ast.parse(path.read_text())):
            fields = {keyword.arg for keyword in call.keywords}

            assert [True] == [isinstance(argument, ast.Constant) for argument in call.args], ast.unparse(call)
            assert fields <= ALLOWED_FIELDS | {"exc_info"}, ast.unparse(call)


def _log_calls(tree: ast.AST) -> list[ast.Call]:
    """Calls such as `log.info(...)` and `structlog.get_logger().info(...)`."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOG_METHODS
        and ast.unparse(node.func.value) in {"log", "_log", "logger", "structlog.get_logger()"}
    ]


def _throw(error: Exception) -> None:
    raise error


def _thrown(error: Exception) -> Exception:
    """The error with a traceback, as it would be caught."""
    with pytest.raises(type(error)) as caught:
        _throw(error)
    return caught.value
