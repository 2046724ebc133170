"""How a command that fails ends: sentences on standard error, JSON for programs, and an exit code for scripts."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

from ..wording import printable

if TYPE_CHECKING:
    from ..core.errors import Problem

P = ParamSpec("P")
T = TypeVar("T")

INTERRUPTED = 130
"""The exit code after Ctrl-C; 2 is a command line that cannot be read, the others are in `desired.core.errors`."""


def reports_failures(command: Callable[P, T]) -> Callable[P, T]:
    """A command whose failures become sentences and an exit code, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from constructs_lib.values import Problem  # noqa: PLC0415

        try:
            return command(*args, **kwargs)
        except Problem as problem:
            if kwargs.get("json"):
                print(json.dumps({"status": status_of(problem), "problems": list(problem.sentences)}))
            _end(problem.exit_code, *problem.sentences)
        except BrokenPipeError:  # the reader, such as `head`, has seen enough; Typer ends quietly
            raise
        except OSError as error:
            what = error.filename or "a file"
            _end(1, f"Cannot use {what}: {error.strerror or error}. Fix that, then run the command again")
        except sqlite3.Error as error:
            _end(1, f"Cannot use the cache: {error}. Run the command again with DESIRED_CACHE=off")
        except KeyboardInterrupt:
            print("Stopped. An operation is done as a whole or not at all: see `desired history`", file=sys.stderr)
            sys.exit(INTERRUPTED)

    return run


def _end(code: int, *sentences: str) -> NoReturn:
    for sentence in sentences:
        print(f"✗ {printable(sentence)}", file=sys.stderr)
    sys.exit(code)


def status_of(problem: Problem) -> str:
    """The kind of a failure, for programs: `refused`, `conflict`, `unreachable` or `problem`."""
    from ..core.errors import Conflict, Problem, Refused, Unreachable  # noqa: PLC0415

    kinds: tuple[type[Problem], ...] = (Conflict, Refused, Unreachable, Problem)
    return next(kind.__name__.lower() for kind in kinds if isinstance(problem, kind))
