"""Renderer children: programs of head's code or of a pinned commit's, asked through the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ..values import Problem
from .facts import Finding
from .renderer import CONTRACT
from .store import Store

Json = dict[str, Any]
_UNITS_PER_CHILD = 1500
"""After so many units a child is replaced: node keeps every object that it ever made."""


HEAD = "head"


class Died(Problem):
    """A child ended before it had answered, which the same question may not meet a second time."""


@dataclass(frozen=True)
class Code:
    """A tree of code and the Python that runs it."""

    folder: Path
    python: Path = Path(sys.executable)
    name: str = HEAD

    def start(self) -> Child:
        """A new renderer. It runs without jsii's type checks (-O), which the tests make."""
        return Child(self)


class Child:
    """One renderer process. It answers one request at a time, and may live on for many."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed in `close`
        # Head runs with this process's own modules; a pinned commit with nothing but its own.
        modules = {} if code.name == HEAD else {"PYTHONPATH": str(code.folder)}
        environment = {**os.environ, **modules, "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"}
        self._process = subprocess.Popen(
            [str(code.python), "-O", "-m", "envs.render"],
            cwd=code.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )
        self.rendered = 0

    def ask(self, do: str, request: Json, **more: Any) -> Iterator[Json]:
        """The answers to one request, without the closing line. Raises Problem when it is refused or dies."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"contract": CONTRACT, "do": do, **request, **more}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died(request) from None
        for line in self._process.stdout:
            if not line.endswith("\n"):  # it died while it spoke
                break
            answer = json.loads(line)
            if answer.get("done"):
                return
            if "problems" in answer and "unit" not in answer:
                raise Problem(*answer["problems"])
            self.rendered += "files" in answer
            yield answer
        raise self._died(request)

    def _died(self, request: Json) -> Died:
        self._errors.seek(0)
        said = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return Died(
            f"{request.get('cluster', 'apps/ and envs/')}: the renderer with the code of {self.code.name} ended with "
            f"{self._process.wait()}: {said[-1] if said else 'it said nothing'}; mend that code, or move the pin"
        )

    def close(self) -> None:
        """End it. It has nothing to save."""
        assert self._process.stdin
        self._process.kill()
        self._process.communicate()
        self._errors.close()


@dataclass
class Job:
    """Units of one cluster to render, with the code that belongs to it."""

    code: Code
    request: Json
    units: dict[str, str]
    """Ids of units, and the keys of their outputs."""


@dataclass
class Crew:
    """Children that share the jobs, one per core."""

    size: int = field(default_factory=lambda: max(1, len(os.sched_getaffinity(0))))
    _idle: list[Child] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def one(self, code: Code) -> Child:
        """A child with this code: an idle one, or a new one."""
        with self._lock:
            for child in self._idle:
                if child.code == code:
                    self._idle.remove(child)
                    return child
        return code.start()

    def back(self, child: Child) -> None:
        """Keep a child for the next request; of many, those that were used last."""
        with self._lock:
            self._idle.append(child)
            old = [each for each in self._idle if each.rendered >= _UNITS_PER_CHILD]
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
        threads = [
            threading.Thread(target=self._work, args=(waiting, results), daemon=True)
            for _ in range(min(self.size, count))
        ]
        for thread in threads:
            thread.start()
        problems: list[str] = []
        died = False
        while count:
            job, result = results.get()
            if isinstance(result, Problem):
                problems.extend(result.sentences)
                if isinstance(result, Died):
                    # The next one would die of the same.
                    died, count = True, count - _emptied(waiting)
            elif isinstance(result, BaseException):
                raise result
            elif result is not None:
                take(job, result)
                continue
            count -= 1
        if problems:
            raise (Died if died else Problem)(*dict.fromkeys(problems))

    def _work(self, waiting: SimpleQueue[Job], results: SimpleQueue[tuple[Job, Any]]) -> None:
        while True:
            try:
                job = waiting.get_nowait()
            except Empty:
                return
            child: Child | None = None
            try:
                child = self.one(job.code)
                for answer in child.ask("render", job.request, units=list(job.units)):
                    results.put((job, answer))
                self.back(child)
                results.put((job, None))
            except BaseException as error:  # the thread that waits decides what to do with it
                if child:
                    child.close()
                results.put((job, error))

    def close(self) -> None:
        """End all children."""
        for child in self._idle:
            child.close()
        self._idle.clear()


def _emptied(waiting: SimpleQueue[Job]) -> int:
    """Takes what nobody has begun; how much that was."""
    count = 0
    while True:
        try:
            waiting.get_nowait()
        except Empty:
            return count
        count += 1


def findings(ask: Callable[..., list[Json]], store: Store, keys: list[str]) -> list[Finding]:
    """What the rules of a cluster's code say of its units. `ask` puts one question to a child of that code."""
    given: dict[str, Json] = {}
    while True:
        answer = ask("check", keys=keys, facts=given)[0]
        if "findings" in answer:
            return [Finding(*each) for each in answer["findings"]]
        # Another child may answer next time: what was given once is given again.
        given |= {key: store.facts(key) for key in answer["missing"]}
