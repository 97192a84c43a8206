"""JSON logs that cannot carry patient data: fields by allow-list, exceptions without their messages.

An event is a fixed sentence; what varies goes into allowed fields, whose values are words and never prose.
"""

import json
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.telemetry.tracing import current_traceparent

ALLOWED_FIELDS: Final = frozenset(
    (
        *("event", "level", "timestamp", "service", "logger", "where", "trace_id", "request_id", "tenant"),
        *("referral_id", "case_id", "visit_id", "report_id", "message_id", "aggregate", "version", "slot"),
        *("topic", "partition", "offset", "sequence", "source", "type", "group", "lag", "count"),
        *("kind", "act", "outcome", "revision", "attempt", "target", "retry_after_s", "delay_s", "skew_s"),
        *("route", "method", "status", "duration_ms", "port", "permission", "check", "signal"),
        *("error", "code", "frames", "causes", "reason", "audience", "purpose", "actor_kind"),
        *("database", "collection", "stack"),
    )
)

_WORD: Final = re.compile(r"[\w.:/{}<>+=,\-]{0,160}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_.\-]{0,60}")
_JSON: Final = json.JSONEncoder(default=repr)  # made once, not for each line
_FRAMES: Final = 15
_CAUSES: Final = 5

# Their templates were read and hold no data of ours; the arguments are dropped all the same.
_TRUSTED: Final = ("uvicorn.error", "aiokafka")
# What an event loop says of what nobody waited for; all else that it says holds values.
_OF_THE_LOOP: Final = frozenset(
    (
        *("Task exception was never retrieved", "Future exception was never retrieved"),
        *("Task was destroyed but it is pending!", "Unclosed AIOKafkaConnection"),
        *("Unclosed AIOKafkaConsumer", "Unclosed AIOKafkaProducer"),
    )
)
_QUIET: Final = ("uvicorn.access", "httpx2", "httpcore2", "pymongo", "motor", "asyncio.events")


def misconfigured(sentence: str) -> None:
    """Log what is wrong with how this process is set up: the one line whose event varies.

    It is made of names of settings and topics alone, never of what a request, a record or a document holds.
    """
    structlog.get_logger().log(logging.ERROR, sentence)


def configure(service: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send each log line of this process, also of libraries, as one JSON object to `stream` (stdout)."""
    structlog.configure(
        processors=[
            _without_messages,
            _allowed_only,
            # What we stamp ourselves comes after the sieve, since it need not pass it.
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Stamp(service),
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _take_over_standard_logging(level)
    sys.excepthook = _log_uncaught


def describe(error: BaseException) -> dict[str, str | list[str]]:
    """What may be logged of an exception: types, places, and a code if it has one. Never its message."""
    shown: dict[str, str | list[str]] = {
        "error": _type_of(error),
        "frames": [_place(frame) for frame in _own_frames(error)[-_FRAMES:]],
    }
    code = getattr(error, "code", None)
    if isinstance(code, str) and _CODE.fullmatch(code):
        shown["code"] = code
    if causes := _causes(error):
        shown["causes"] = causes
    return shown


class _Stamp:
    """Adds what every line carries."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        event_dict["service"] = self._service
        if traceparent := current_traceparent():
            event_dict["trace_id"] = traceparent.split("-")[1]
        return event_dict


class _Foreign(logging.Handler):
    """Passes on what libraries log: where it came from, and its template only if that is trusted."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            _sentence(record),
            logger=record.name,
            where=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _take_over_standard_logging(level: str) -> None:
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(handlers=[_Foreign()], level=max(logging.INFO, _level(level)), force=True)


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


def _sentence(record: logging.LogRecord) -> str:
    template = _template(record)
    return template if record.name.startswith(_TRUSTED) or template in _OF_THE_LOOP else "logged by a library"


def _template(record: logging.LogRecord) -> str:
    first_line = str(record.msg).partition("\n")[0] if isinstance(record.msg, str) else ""
    return first_line[:120] or "logged by a library"


def _without_messages(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    given = event_dict.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else _error_in(given)
    return {**event_dict, **describe(error)} if error else event_dict


def _error_in(given: object) -> BaseException | None:
    if isinstance(given, tuple):
        return next((part for part in given if isinstance(part, BaseException)), None)
    return sys.exception() if given else None


def _allowed_only(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    return {name: _plain(name, value) for name, value in event_dict.items() if name in ALLOWED_FIELDS}


def _plain(name: str, value: object) -> object:
    """Numbers, and strings that are words; prose is withheld, since prose is where patients appear."""
    match value:
        case str() if name == "event" or _WORD.fullmatch(value):
            return value
        case None | bool() | int() | float():
            return value
        case list() if name in {"frames", "causes"}:
            return value
        case _:
            return "withheld"


def _as_json(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> str:
    return _JSON.encode(event_dict)


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames outside libraries, and the last one wherever it is."""
    frames = traceback.extract_tb(error.__traceback__)
    return [*(frame for frame in frames[:-1] if "site-packages" not in frame.filename), *frames[-1:]]


def _causes(error: BaseException) -> list[str]:
    """The chain of causes, and for a group its members: type and last place of each."""
    members = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    found = [*members, *([cause] if cause else [])][:_CAUSES]
    deeper = [line for one in found for line in _causes(one)]
    return [*(_brief(one) for one in found), *deeper][:_CAUSES]


def _brief(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{_type_of(error)} at {_place(frames[-1])}" if frames else _type_of(error)


def _place(frame: traceback.FrameSummary) -> str:
    return f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}"


def _type_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _log_uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    structlog.get_logger().critical("stopped by an error", exc_info=error)
