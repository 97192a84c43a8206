"""Exit codes of commands, and failures that name a remedy instead of showing a traceback."""

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final, ParamSpec

import typer
from rich.console import Console
from rich.markup import escape

from deploy.local.processes import ProgramFailed
from deploy.local.tools import Lacking
from shared.errors import Refused, Unavailable, Unknown

Parameters = ParamSpec("Parameters")
_MOMENT_S: Final = 0.01


class Code(IntEnum):
    """Exit codes. 2 (usage) and 130 (interrupted) are typer's."""

    DONE = 0
    FAILED = 1
    SOME_REFUSED = 3
    UNREACHABLE = 4


EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some lines were refused, "
    "4 something needed is missing or down, 130 interrupted."
)


class Failure(Exception):
    """A command that cannot go on. `remedy` says what to do next."""

    def __init__(self, message: str, remedy: str, code: Code = Code.FAILED) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.code = code


def ending_well(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn what a command raises into a sentence on stderr and an exit code. SIGTERM ends it as Ctrl-C does."""

    @functools.wraps(command)
    def ending(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            with _interruptible():
                command(*args, **kwargs)
        except typer.Exit:
            raise
        except Exception as error:
            if os.environ.get("THROUGHLINE_DEBUG"):
                raise
            failure = _failure(error)
            console = Console(stderr=True, highlight=False, soft_wrap=True)
            console.print(f"[bold red]✗[/] {escape(str(failure))}")
            console.print(f"  → {escape(failure.remedy)}")
            raise typer.Exit(failure.code) from None

    return ending


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, and let neither be dropped.

    Python drops what is raised in a finalizer or a callback of the interpreter, after telling `sys.unraisablehook`: an
    interrupt that meets one is raised again a moment later.
    """
    dropped = sys.unraisablehook
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, signal.default_int_handler)

    def raise_again(what: "sys.UnraisableHookArgs") -> None:
        if what.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, _MOMENT_S)
        else:
            dropped(what)

    sys.unraisablehook = raise_again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = dropped


def _failure(error: Exception) -> Failure:
    match error:
        case Failure():
            return error
        case Lacking():
            return Failure(str(error), error.remedy, Code.UNREACHABLE)
        case ProgramFailed():
            return Failure(str(error), "Look at the log named above, or run: throughline doctor")
        case Refused():
            what = error.what or "what it was asked"
            return Failure(f"The broker does not allow it: {what}.", "See what is needed: throughline topics acls")
        case Unavailable() | Unknown():
            return Failure("A dependency does not answer.", "Try again shortly.", Code.UNREACHABLE)
        case _:
            fault = f"The fault is ours: {type(error).__name__}."
            return Failure(fault, "Set THROUGHLINE_DEBUG=1 to see where, and please report it.")
