"""Runs a repository's own code (`apps/`, `envs/`): what it raises becomes a sentence, and it cannot end the process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import NoReturn

from pydantic import ValidationError

from constructs_lib.values import Problem, sentences

from .own_reads import BUILTINS, OWN, guarded

_PATIENCE_SECONDS = 60
"""How long the code of one file may run. It defines values; the slowest part is the start of node, a second or two."""


@contextmanager
def said(file: Path, problems: list[str]) -> Iterator[None]:
    """Whatever a person's file raises within becomes a sentence. It cannot end this process, in which it runs."""
    leave, os._exit = os._exit, _raise_exit
    try:
        with guarded(), _time_limit():
            yield
    except KeyboardInterrupt:
        raise
    except Problem as problem:
        problems.extend(problem.sentences)
    except ValidationError as error:
        problems.extend(sentences(f"{file}: {file.stem.replace('_', '-')}", error))
    except SystemExit as end:
        what = f"ends the program (exit code {end.code or 0})"
        problems.append(f"{file}{_line(end, file)}: {what}. Remove that call: this file only defines values")
    except _TooSlow as error:
        what = f"still runs after {_PATIENCE_SECONDS} seconds"
        problems.append(f"{file}{_line(error, file)}: {what}. Remove the loop: this file only defines values")
    except BaseException as error:
        problems.append(f"{file}{_line(error, file)}: {type(error).__name__}: {error}")
    finally:
        os._exit = leave


def _raise_exit(status: int) -> NoReturn:
    """In place of `os._exit`, which no process outlives, and which says nothing."""
    raise SystemExit(status)


class _TooSlow(BaseException):
    """Own code runs longer than it may."""


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raises _TooSlow in code that takes too long. Only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_SECONDS, 1)  # again, in case that code catches everything
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _TooSlow


def _line(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file.name]
    return f", line {frames[-1].lineno}" if frames else ""


class _OwnLoader(SourceFileLoader):
    """Compiles a module each time: compiled files are found by size and second, which two quick edits can share."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module with the builtins of own code."""
        vars(module)["__builtins__"] = BUILTINS
        super().exec_module(module)


class _OwnFinder:
    """Finds the modules of own code, as Python would."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module with the loader of own code; None if it is not own code."""
        if fullname.partition(".")[0] not in OWN:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and type(spec.loader) is SourceFileLoader:
            spec.loader = _OwnLoader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _OwnFinder())
