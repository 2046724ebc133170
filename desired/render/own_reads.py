"""What a repository's own code (`apps/`, `envs/`) may read while it runs: nothing but its commit.

Own code gets builtins of its own, by which its frames are recognized. Their `import` hands out modules without the
names that read clocks, variables or chance. An audit hook refuses files elsewhere, processes and sockets, whatever
library opens them for own code. What Python opens for an import, and all other code of this process, is left alone.
"""

from __future__ import annotations

import builtins
import datetime
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import FrameType, ModuleType
from typing import Any, NoReturn

import constructs_lib
from constructs_lib.values import Problem

OWN = ("apps", "envs")
"""The folders with a repository's own code. All their files count, data too; operations at a commit have no others."""

_PURE = {
    "os": "PathLike _exit altsep curdir devnull error extsep fsdecode fsencode fspath linesep listdir pardir path "
    "pathsep scandir sep stat stat_result walk",
    "platform": "python_version python_version_tuple",
    "random": "Random",
    "secrets": "compare_digest",
    "time": "strptime struct_time",
    "uuid": "NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 UUID uuid3 uuid5",
}
"""Modules that read clocks, variables, chance or the machine, and the names in them that do not, or that are watched
elsewhere: files are refused by their path."""
_PATHS = ("open", "os.listdir", "os.scandir")
_OUTSIDE = ("subprocess.", "socket.", "sqlite3.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
"""Audit events of what is outside of this process. Source: docs.python.org/3/library/audit_events.html."""
_PYTHON = ("importlib", "linecache")
"""Modules that read files of Python itself: byte code, and source lines for a traceback."""


def _refuse(what: str) -> NoReturn:
    frame = _own_frame()
    place = f"{os.path.relpath(frame.f_code.co_filename)}, line {frame.f_lineno}: " if frame else ""
    raise Problem(
        f"{place}uses {what}, but manifests are made from a commit alone. "
        f"Write the value into envs/, or into a file below apps/ or envs/"
    )


def _own_frame() -> FrameType | None:
    """The frame of own code that the caller's caller works for; None outside of it, or if Python imports for it."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_builtins is not BUILTINS:
        if str(frame.f_globals.get("__name__")).startswith(_PYTHON):
            return None
        frame = frame.f_back
    return frame


class _WithoutClock(type):
    """The metaclass of a class that stands for its base: its instances are those of the base."""

    def __call__(cls, *args: object, **fields: object) -> Any:  # noqa: ANN401 - as the base
        base: Any = cls.__base__
        return base(*args, **fields)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__base__ or object)

    def __get_pydantic_core_schema__(cls, _source: object, handler: Any) -> Any:  # noqa: ANN401 - pydantic's protocol
        return handler.generate_schema(cls.__base__)


def _without(base: type, *names: str) -> type:
    """A class that stands for its base and refuses the methods of these names."""

    def refusal(name: str) -> object:
        return classmethod(lambda _cls, *_args, **_fields: _refuse(f"{base.__name__}.{name}()"))

    return _WithoutClock(base.__name__, (base,), {name: refusal(name) for name in names})


class _Seeded(random.Random):
    def __init__(self, seed: str | bytes | float | None = None) -> None:
        if seed is None:
            _refuse("random.Random() without a seed")
        super().__init__(seed)


_REPLACED: Mapping[tuple[str, str], type] = {
    ("datetime", "date"): _without(datetime.date, "today"),
    ("datetime", "datetime"): _without(datetime.datetime, "now", "today", "utcnow"),
    ("random", "Random"): _Seeded,
}


class _PureModule(ModuleType):
    """A module as own code sees it."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__)
        self._module = module

    def __getattr__(self, name: str) -> object:
        found: object = _REPLACED.get((self.__name__, name)) or getattr(self._module, name)
        allowed = _PURE.get(self.__name__)
        if allowed and name not in allowed.split() and not name.startswith("__"):
            _refuse(f"{self.__name__}.{name}")
        return found


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> ModuleType:
    """What `import` does in own code."""
    module = __import__(name, globals, locals, fromlist, level)
    return _PureModule(module) if module.__name__ in _PURE or module is datetime else module


def _input(*_prompt: object) -> NoReturn:
    _refuse("input()")


BUILTINS: dict[str, object] = {**vars(builtins), "__import__": _import, "input": _input}
"""The builtins of own code. No other code has this very mapping."""


_depth = 0


@contextmanager
def guarded() -> Iterator[None]:
    """Own code that runs within reads nothing but its commit. It is refused with its file and line, as a Problem."""
    global _depth  # noqa: PLW0603 - as audit hooks, it belongs to the process
    _watch()
    real, os.stat = os.stat, _watched_stat
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        os.stat = real


@cache
def _watch() -> None:
    sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _depth:
        return
    if event in _PATHS:
        writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if _own_frame() and (writes or not _is_of_the_commit(args[0])):
            _refuse(f"the file {_shown(args[0])}")
    elif event.startswith(_OUTSIDE) and _own_frame():
        _refuse(f"a process, a database or the network ({event})")


_stat = os.stat


def _watched_stat(path: Any, *args: Any, **fields: Any) -> os.stat_result:  # noqa: ANN401 - as `os.stat`
    """Whether a file exists is read from it too; Python has no audit event for this."""
    if _own_frame() and not _is_of_the_commit(path):
        _refuse(f"the file {_shown(path)}")
    return _stat(path, *args, **fields)


def _is_of_the_commit(path: Any) -> bool:  # noqa: ANN401 - what `open` takes
    """Whether a file belongs to a commit's own code, or to Python and the installed tools.

    A number is a file that is already open.
    """
    if isinstance(path, int):
        return True
    place = os.path.join(os.path.realpath(os.fsdecode(path or ".")), "")
    return place.startswith(_places(os.getcwd()))


@cache
def _places(root: str) -> tuple[str, ...]:
    """The folders of own code in this repository, of the library, of Python with its tools, and of time zones."""
    from zoneinfo import TZPATH  # noqa: PLC0415 - most repositories read no file at all

    python = [each for each in sys.path if each.startswith((sys.prefix, sys.base_prefix))]
    library = [os.path.dirname(constructs_lib.__file__), os.path.dirname(os.path.dirname(__file__))]
    own = [os.path.join(root, each) for each in OWN]
    return tuple(os.path.join(os.path.realpath(each), "") for each in (*own, *library, *python, *TZPATH))


def _shown(path: Any) -> str:  # noqa: ANN401 - what `open` takes
    absolute = os.path.abspath(os.fsdecode(path or "."))
    return absolute.removeprefix(os.path.join(os.getcwd(), "")) if absolute != os.getcwd() else "."
