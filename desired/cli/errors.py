"""Exit codes that scripts can use, and how a failure is said."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CODES = {"Problem": 1, "Refused": 3, "Conflict": 4, "Unreachable": 5}
"""By the class of `desired.problems`; 2 is a wrong command line, 130 an interruption."""


def said(command: Callable[P, T]) -> Callable[P, T]:
    """A command whose failures become sentences on standard error and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from constructs_lib.values import Problem  # noqa: PLC0415

        try:
            return command(*args, **kwargs)
        except Problem as problem:
            kind = type(problem).__name__
            if kwargs.get("json"):
                print(json.dumps({"status": kind.lower(), "problems": list(problem.sentences)}))
            for sentence in problem.sentences:
                print(f"✗ {sentence}", file=sys.stderr)
            sys.exit(CODES.get(kind, 1))
        except OSError as error:
            print(f"✗ {error.filename or 'a file'}: {error.strerror}; mend that and run it again", file=sys.stderr)
            sys.exit(1)
        except sqlite3.Error as error:
            print(f"✗ the cache cannot be used ({error}); run again with DESIRED_CACHE=off", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            print("Stopped. What was done is in `desired history`; nothing is half done.", file=sys.stderr)
            sys.exit(130)

    return run
