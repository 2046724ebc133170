"""Processes that operate one fleet at once. Each keeps a journal of what it asked for and what it was answered."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from desired.core.errors import Conflict, Problem, Refused, Unreachable
from desired.core.model import EnvironmentState, Observation
from desired.core.operations import OPERATION, Intent
from desired.core.transitions import Position, position
from desired.publish.publisher import Publisher
from tests.support.fork import ENVIRONMENTS, SERVICES, Fork, image
from tests.support.hostile_remotes import room

Json = dict[str, Any]
_SHARES = (1, 5, 40, 100, 100)
_SENSIBLE: dict[Position, tuple[str, ...]] = {
    Position.ABSENT: ("deploy",),
    Position.STEADY: ("deploy", "enter", "enter", "enter", "hold"),
    Position.AT_0: ("canary", "canary", "canary", "close"),
    Position.BETWEEN: ("canary", "canary", "rollback"),
    Position.AT_100: ("finalize", "finalize", "rollback", "canary"),
    Position.FINALIZED: ("close", "rollback", "enter"),
}
_VERBS = ("deploy", "enter", "canary", "finalize", "rollback", "close", "hold", "unhold", "promote", "undo")
OBSERVED = Observation(ready={f"{name}-{slot}": 2 for name in SERVICES for slot in ("blue", "green")})
"""Every slot of the fork is ready."""


@dataclass(frozen=True)
class Member:
    """What one process is to do."""

    fork: Fork
    clone: str
    name: str
    """Begins its keys, and is the seed of what it chooses."""
    operations: int
    timeout: float = 60.0
    """Seconds that the remote may take."""
    tries: int = 3
    """How often it asks, with the same key, while nobody can be reached."""
    services: tuple[str, ...] = SERVICES
    only_deploys: bool = False
    """Whether it does nothing but what is always legal: versions for stable slots in staging."""
    environment: dict[str, str] = field(default_factory=dict)
    room: int | None = None
    """Bytes that a file may have that is written while it operates; any number when not given."""

    @property
    def journal(self) -> Path:
        """Where it writes what it asked for and what it was answered, a line each."""
        return self.fork.folder / f"{self.name}.journal"


def started(members: Sequence[Member]) -> Sequence[BaseProcess]:
    """A process for each member."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.crowd"])
    for member in members:
        member.fork.clone(member.clone)
    inherited = {name: os.environ[name] for name in ("DESIRED_CACHE_DIR", "PATH")}
    processes = [context.Process(target=_live, args=(member, inherited), daemon=True) for member in members]
    for process in processes:
        process.start()
    return processes


def run(members: Sequence[Member], seconds: float = 600.0) -> list[Json]:
    """What all of them wrote, when they have ended. Fails where one takes longer."""
    processes = started(members)
    wait(processes, seconds)
    return journals(members)


def wait(processes: Sequence[BaseProcess], seconds: float = 600.0) -> None:
    """Until all have ended. Ends those that take longer, and fails."""
    until = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
    late = [process for process in processes if process.is_alive()]
    for process in late:
        process.kill()
    assert not late, f"{len(late)} of {len(processes)} processes had not ended after {seconds:.0f} s"


def journals(members: Sequence[Member]) -> list[Json]:
    """What the members wrote. The last line of one that was killed may be cut."""
    found: list[Json] = []
    for member in members:
        lines = member.journal.read_bytes().splitlines(keepends=True) if member.journal.exists() else []
        found.extend(json.loads(line) for line in lines if line.endswith(b"\n"))
    return found


def unanswered(lines: Sequence[Json]) -> list[Intent]:
    """What was asked for and never answered, as it was asked for."""
    answered = {line["key"] for line in lines if line["status"] not in ("asked", "unreachable")}
    asked_for = {line["key"]: line for line in lines if line["status"] == "asked" and line["key"] not in answered}
    return [intent(line["operation"], line["expected"], key) for key, line in asked_for.items()]


def intent(operation: Json, expected: str, key: str) -> Intent:
    """An operation that somebody asks for whose name begins the key."""
    name = key.rpartition("-")[0] or key
    known = OPERATION.validate_python(operation)
    return Intent(operation=known, actor=f"{name} <{name}@example.com>", expected=expected, key=key)


def _live(member: Member, inherited: dict[str, str]) -> None:
    os.environ.update({**inherited, **member.environment})
    own = member.fork.publisher(member.clone, member.timeout)
    with own, open(member.journal, "a", encoding="utf-8") as journal:
        person = Person(own, member)
        for wanted in person.intents():
            for _ in range(member.tries):
                answer = asked(own, wanted, journal, member.room)
                if answer["status"] != "unreachable":
                    break


def asked(publisher: Publisher, wanted: Intent, journal: Any = None, bytes_: int | None = None) -> Json:
    """The answer to one operation as data; both are written into the journal."""
    operation = {"verb": wanted.operation.verb, **wanted.operation.model_dump(mode="json", exclude_defaults=True)}
    _write(journal, {"key": wanted.key, "status": "asked", "operation": operation, "expected": wanted.expected})
    before = time.perf_counter()
    try:
        with room(bytes_) if bytes_ is not None else contextlib.nullcontext():
            answer = publisher.perform(wanted, lambda _: OBSERVED)
        said: Json = {"status": answer.status, "commit": answer.commit, "said": list(answer.notes)}
    except Problem as problem:
        said = {"status": _kind(problem), "said": list(problem.sentences)}
    except Exception:
        said = {"status": "crashed", "said": [traceback.format_exc()]}
    line = {"key": wanted.key, "verb": wanted.operation.verb, **said, "seconds": time.perf_counter() - before}
    _write(journal, line)
    return line


def _kind(problem: Problem) -> str:
    kinds = {Conflict: "conflict", Refused: "refused", Unreachable: "unreachable"}
    return next((word for kind, word in kinds.items() if isinstance(problem, kind)), "problem")


def _write(journal: Any, line: Json) -> None:
    if journal is not None:
        journal.write(json.dumps(line) + "\n")
        journal.flush()


class Person:
    """Somebody who mostly does what makes sense, sometimes what does not, and does not always look first."""

    def __init__(self, publisher: Publisher, member: Member) -> None:
        self._publisher, self._member = publisher, member
        self._chance = random.Random(member.name)
        self._seen = [publisher.branches.main]
        self._asked: list[Intent] = []

    def intents(self) -> Iterator[Intent]:
        """One after another, each decided when its turn comes."""
        for number in range(self._member.operations):
            self._asked.append(self._next(number))
            yield self._asked[-1]

    def _next(self, number: int) -> Intent:
        if self._asked and self._chance.random() < 0.1:
            return self._chance.choice(self._asked[-3:])
        if self._chance.random() < 0.7:
            self._look()
        seen = self._seen[-1] if self._chance.random() < 0.85 else self._chance.choice(self._seen)
        return intent(self._operation(seen), seen, f"{self._member.name}-{number}")

    def _look(self) -> None:
        try:
            head = self._publisher.head()
        except Problem:
            return
        # Only what was published can be read as states.
        live = self._publisher.branches.live
        self._seen.append(live or head)

    def _operation(self, seen: str) -> Json:
        service = self._chance.choice(self._member.services)
        if self._member.only_deploys:
            return {"environment": ENVIRONMENTS[0], **self._fields("deploy", service, seen)}
        environment = self._chance.choice((*ENVIRONMENTS, ENVIRONMENTS[0]))
        verb = self._chance.choice(_VERBS)
        if self._chance.random() < 0.75:
            verb = self._sensible(self._publisher.state(seen)[environment], service)
        return {"environment": environment, **self._fields(verb, service, seen)}

    def _sensible(self, state: EnvironmentState, service: str) -> str:
        if service in state.holds.services and self._chance.random() < 0.7:
            return "unhold"
        return self._chance.choice(_SENSIBLE[position(state, service)])

    def _fields(self, verb: str, service: str, seen: str) -> Json:
        if verb in ("deploy", "enter"):
            # A new image is rendered; of the few that everybody uses some are known.
            number = self._chance.randrange(1, 10**9 if self._member.only_deploys else 40)
            build = {"image": image(service, number), "commit": "9f3c2e1", "ref": "main"}
            return {"verb": "deploy", "services": {service: build}, "specs_at": seen, "canary": verb == "enter"}
        if verb == "hold":
            return {"verb": verb, "service": service, "because": "a look at it", "by": self._member.name}
        if verb == "promote":
            return {"verb": verb, "environment": "preprod", "source": "staging", "recipe": seen}
        if verb == "undo":
            return {"verb": verb, "commit": seen}
        if verb == "canary":
            return {"verb": verb, "service": service, "share": self._chance.choice(_SHARES)}
        return {"verb": verb, "service": service}
