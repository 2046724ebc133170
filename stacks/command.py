"""Plans and applies the stacks of an environment in their order: what `make stack` and `make stack-up` run.

The engine is the command `pulumi`; `testbed.demonstration` hands over another one that knows the words used here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from constructs_lib import Environment
from constructs_lib.values import Problem
from desired.progress import say
from desired.render.fleet import load_environments

from .observed import Management, unhealthy
from .program import side_of
from .settings import MANAGEMENT

_PAUSE_SECONDS = 5.0
Engine = Sequence[str]
"""The command that plans and applies one stack."""
PULUMI: Engine = ("pulumi",)


def stacks_of(environments: dict[str, Environment], wanted: Sequence[str], role: str | None) -> list[str]:
    """The stacks of environments, ops before apps. Raises Problem for one that has none."""
    found = [
        stack
        for name in wanted
        for stack in ([MANAGEMENT] if name == MANAGEMENT else [f"{name}-{each}" for each in ("ops", "apps")])
        if role is None or stack.endswith(f"-{role}")
    ]
    for stack in found:
        if stack != MANAGEMENT:
            side_of(stack, environments)
    return found


def plan(engine: Engine, stacks: Iterable[str], form: str) -> int:
    """Shows what would be created, changed and deleted in each stack; the exit code. One that fails hides no other."""
    failed = 0
    for stack in stacks:
        words = ["preview", "--stack", stack, "--non-interactive", *(["--json"] if form == "json" else [])]
        if form == "markdown":
            done = _run(engine, [*words, "--color", "never"], capture=True)
            sign = "failed" if done.returncode else "plan"
            text = (done.stdout + done.stderr).strip()
            print(f"<details><summary>{sign} of <code>{stack}</code></summary>\n\n```text\n{text}\n```\n</details>\n")
        else:
            if form == "text":
                print(f"{stack}:", flush=True)
            done = _run(engine, words)
        failed = failed or done.returncode
    return failed


def up(engine: Engine, stacks: Iterable[str], minutes: float) -> int:
    """Applies stacks one after the other, each once the one before is what it should be; the exit code.

    Raises Problem when a cluster is not what it should be after so many minutes.
    """
    for stack in stacks:
        end = time.monotonic() + 60 * minutes
        waiting = "its first run"
        while waiting:
            print(f"{stack}:", flush=True)
            if code := _run(engine, ["up", "--stack", stack, "--yes", "--refresh", "--non-interactive"]).returncode:
                return code
            if stack == MANAGEMENT:
                break
            _until_healthy(stack, end)
            waiting = _output(engine, stack, "waiting")
            _pause(stack, waiting, end)
    return 0


def _until_healthy(stack: str, end: float) -> None:
    said = None
    while found := unhealthy(Management.here().cluster(stack), stack):
        if found != said:
            say(f"  waiting: {found}")
            said = found
        _pause(stack, found, end)


def _pause(stack: str, reason: str | None, end: float) -> None:
    if reason and time.monotonic() > end:
        raise Problem(f"{stack} was not ready in time: {reason}; run this again once that is mended")
    if reason:
        time.sleep(_PAUSE_SECONDS)


def _output(engine: Engine, stack: str, name: str) -> Any:
    done = _run(engine, ["stack", "output", "--stack", stack, "--json"], capture=True)
    if done.returncode:
        raise Problem(
            f"the outputs of {stack} cannot be read: {done.stderr.strip() or 'nothing is said'}; run this again"
        )
    return json.loads(done.stdout).get(name)


def _run(engine: Engine, words: Sequence[str], capture: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*engine, *words], text=True, capture_output=capture, check=False)


def main(arguments: Sequence[str] | None = None, engine: Engine = PULUMI) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make stack", description="Plans or applies the stacks of environments.")
    parser.add_argument("task", choices=["plan", "up"])
    parser.add_argument("-e", "--environment", action="append", help="or 'management'; all of them when not given")
    parser.add_argument("--role", choices=["ops", "apps"], help="both when not given")
    parser.add_argument("--format", choices=["text", "json", "markdown"], default="text")
    parser.add_argument("--minutes", type=float, default=45, help="how long a cluster may take to be ready")
    options = parser.parse_args(arguments)
    try:
        if shutil.which(engine[0]) is None:
            raise Problem(f"the command {engine[0]!r} is not on PATH; install it as README.md says")
        environments = load_environments()
        known = [name for name, each in environments.items() if each.pair]
        stacks = stacks_of(environments, options.environment or known, options.role)
        if options.task == "plan":
            return plan(engine, stacks, options.format)
        first = [] if options.role or MANAGEMENT in stacks else [MANAGEMENT]
        return up(engine, [*first, *stacks], options.minutes)
    except Problem as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    sys.exit(main())
