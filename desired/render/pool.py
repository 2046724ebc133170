"""The worker pool of renderers: processes with the code of head or of a pinned commit, used through the contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue

from constructs_lib.values import Problem
from constructs_lib.values.data import Json

from .cores import cores
from .server import CONTRACT
from .source import HEAD, Code

_UNITS_PER_PROCESS = 5000
"""After so many units a process is replaced: node keeps every object that it ever made."""


_KEPT = re.compile(
    r"PATH|HOME|TMPDIR|TEMP|TMP|LANG|LANGUAGE|LC_\w+|VIRTUAL_ENV|__PYVENV\w+"
    r"|(PYTHON|NODE|JSII|LD|DYLD|NIX|XDG|DESIRED|COVERAGE|COV)_?\w*"
)
"""Environment variables that a renderer gets. All others are absent, so that they cannot change a manifest."""


class RendererDied(Problem):
    """A renderer process ended before it had answered. The same question may well be answered by the next one."""


class RendererProcess:
    """One renderer. It answers one request at a time, and may live on for many."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            # Without jsii's type checks (-O), which the tests make.
            [str(code.python), "-O", "-m", "envs.render"],
            cwd=code.folder,
            env=_variables(code),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )
        self.rendered = 0
        self._is_starting = False

    def get_ready(self) -> None:
        """Has it import the constructs and start node. Does not wait for it."""
        with suppress(BrokenPipeError):  # the next request finds out why
            self._send({"do": "start"})
        self._is_starting = True

    def ask(self, do: str, request: Json, **more: object) -> Iterator[Json]:
        """The answers to one request, without the closing line. Raises Problem when it is refused, or RendererDied."""
        if self._is_starting:
            self._is_starting = False
            with suppress(Problem):  # what is wrong is wrong for this request too
                list(self._answers(request))
        try:
            self._send({"do": do, **request, **more})
        except BrokenPipeError:
            raise self._died(request) from None
        yield from self._answers(request)

    def _send(self, request: Json) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"contract": CONTRACT, **request}) + "\n")
        self._process.stdin.flush()

    def _answers(self, request: Json) -> Iterator[Json]:
        assert self._process.stdout
        for line in self._process.stdout:
            if not line.endswith("\n"):  # it died while it wrote
                break
            answer = json.loads(line)
            if answer.get("done"):
                return
            if "problems" in answer and "unit" not in answer:
                raise Problem(*answer["problems"])
            self.rendered += "files" in answer
            yield answer
        raise self._died(request)

    def _died(self, request: Json) -> RendererDied:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        code = self._process.wait()
        last = lines[-1] if lines else "it printed nothing"
        hint = "" if code or lines else "Look for an exit in envs/__init__.py and envs/render.py. "
        return RendererDied(
            f"{request.get('cluster', 'apps/ and envs/')}: the renderer with the code of {self.code.name} ended with "
            f"{code}: {last}. {hint}Fix that code, or move the platform's pin"
        )

    def close(self) -> None:
        """Ends it. It has nothing to save."""
        assert self._process.stdin
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def _variables(code: Code) -> dict[str, str]:
    """The environment of a renderer: what Python, node and the tools need, and constants for what else they read."""
    # Head runs with this process's own modules; a pinned commit with nothing but its own.
    modules = {} if code.name == HEAD else {"PYTHONPATH": str(code.folder)}
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    return {**kept, **modules, "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", "PYTHONHASHSEED": "0", "TZ": "UTC"}


@dataclass
class Job:
    """Units of one cluster to render, with the code that belongs to it."""

    code: Code
    request: Json
    units: dict[str, str]
    """Ids of units, and the keys of their outputs."""


@dataclass
class RendererPool:
    """Renderer processes that share the jobs, one per core."""

    size: int = field(default_factory=cores)
    _idle: list[RendererProcess] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, code: Code) -> None:
        """Starts all processes, so that they are ready when there are jobs: each takes most of a second."""
        for _ in range(self.size):
            process = RendererProcess(code)
            process.get_ready()
            self._keep(process)

    def ask(self, code: Code, do: str, request: Json, **more: object) -> list[Json]:
        """The answers of a renderer with this code. Raises Problem when it is refused, RendererDied if two died."""
        answers: list[Json] = []

        def ask() -> None:
            answers.clear()
            self._ask_once(code, do, request, more, answers.append)

        _again_after_death(ask)
        return answers

    def _ask_once(self, code: Code, do: str, request: Json, more: Json, take: Callable[[Json], None]) -> None:
        """One process answers. It is kept afterwards, unless it died or was not listened to."""
        process = self._take(code)
        try:
            for answer in process.ask(do, request, **more):
                take(answer)
        except Problem as problem:
            if isinstance(problem, RendererDied):
                process.close()
            else:
                self._keep(process)
            raise
        except BaseException:
            process.close()
            raise
        self._keep(process)

    def _take(self, code: Code) -> RendererProcess:
        with self._lock:
            for process in self._idle:
                if process.code == code:
                    self._idle.remove(process)
                    return process
        return RendererProcess(code)

    def _keep(self, process: RendererProcess) -> None:
        """Keep a process for the next request; of many, those that were used last."""
        with self._lock:
            self._idle.append(process)
            old = [each for each in self._idle if each.rendered >= _UNITS_PER_PROCESS]
            old += [each for each in self._idle if each not in old][: -2 * self.size]
            for each in old:
                self._idle.remove(each)
        for each in old:
            each.close()

    def render(self, jobs: Iterable[Job], take: Callable[[Job, Json], None]) -> None:
        """Render all jobs, several at a time; `take` is called in this thread, in any order. Raises Problem."""
        waiting: SimpleQueue[Job] = SimpleQueue()
        count = 0
        for job in jobs:
            waiting.put(job)
            count += 1
        results: SimpleQueue[tuple[Job, Json | BaseException | None]] = SimpleQueue()
        for _ in range(min(self.size, count)):
            threading.Thread(target=self._work, args=(waiting, results), daemon=True).start()
        problems: list[str] = []
        died = False
        while count:
            job, result = results.get()
            if isinstance(result, Problem):
                problems.extend(result.sentences)
                if isinstance(result, RendererDied):
                    # The next one would die of the same.
                    died, count = True, count - _emptied(waiting)
            elif isinstance(result, BaseException):
                raise result
            elif result is not None:
                take(job, result)
                continue
            count -= 1
        if problems:
            raise (RendererDied if died else Problem)(*dict.fromkeys(problems))

    def _work(self, waiting: SimpleQueue[Job], results: SimpleQueue[tuple[Job, Json | BaseException | None]]) -> None:
        while True:
            try:
                job = waiting.get_nowait()
            except Empty:
                return
            try:
                self._render_job(job, partial(_answered, results, job))
                results.put((job, None))
            except BaseException as error:  # the thread that waits decides what to do with it
                results.put((job, error))
                if isinstance(error, RendererDied):
                    return  # the waiting jobs are cancelled

    def _render_job(self, job: Job, take: Callable[[Json], None]) -> None:
        """Renders the units of a job. If the process dies, the next one gets the rest, once."""
        missing = dict(job.units)

        def taken(answer: Json) -> None:
            missing.pop(answer["unit"], None)
            take(answer)

        _again_after_death(lambda: self._ask_once(job.code, "render", job.request, {"units": list(missing)}, taken))

    def close(self) -> None:
        """End all processes."""
        for process in self._idle:
            process.close()
        self._idle.clear()


def _again_after_death(ask: Callable[[], None]) -> None:
    """Asks, and if the process dies over it, asks the next one, once: the first may have been killed."""
    try:
        ask()
    except RendererDied:
        ask()


def _answered(results: SimpleQueue[tuple[Job, Json | BaseException | None]], job: Job, answer: Json) -> None:
    results.put((job, answer))


def _emptied(waiting: SimpleQueue[Job]) -> int:
    """Take all jobs that no thread has begun; returns how many there were."""
    count = 0
    while True:
        try:
            waiting.get_nowait()
        except Empty:
            return count
        count += 1
