"""Plans and applies the stacks of an environment, ops first: what `make stack` and `make stack-up` run.

It runs the command `pulumi`. `testbed.demonstration` runs the same with a stand-in for that command.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

from constructs_lib import Environment
from constructs_lib.values import Problem
from constructs_lib.values.environment import ROLES
from desired.progress import say
from desired.render.fleet import load_environments

from ..resources.observed import ManagementCluster, unhealthy
from ..resources.program import cluster_spec_of
from ..resources.settings import MANAGEMENT

_PAUSE_SECONDS = 5.0
Engine = Sequence[str]
"""The command that plans and applies one stack, in words."""
PULUMI: Engine = ("pulumi",)


def stacks_of(environments: dict[str, Environment], wanted: Sequence[str], role: str | None) -> list[str]:
    """The stacks of these environments, ops before apps. Raises Problem for an environment without stacks."""
    found = [
        stack
        for name in wanted
        for stack in ([MANAGEMENT] if name == MANAGEMENT else [f"{name}-{each}" for each in ROLES])
        if role is None or stack.endswith(f"-{role}")
    ]
    for stack in found:
        if stack != MANAGEMENT:
            cluster_spec_of(stack, environments)
    return found


def plan(engine: Engine, stacks: Iterable[str], form: str) -> int:
    """Prints what `pulumi up` would change in each stack. Returns the exit code of the first that failed."""
    failed = 0
    for stack in stacks:
        words = ["preview", "--stack", stack, "--non-interactive", *(["--json"] if form == "json" else [])]
        if form == "markdown":
            done = _run(engine, [*words, "--color", "never"], capture=True)
            title = f"failed plan of <code>{stack}</code>" if done.returncode else f"plan of <code>{stack}</code>"
            text = (done.stdout + done.stderr).strip()
            print(f"<details><summary>{title}</summary>\n\n```text\n{text}\n```\n</details>\n")
        else:
            if form == "text":
                print(f"{stack}:", flush=True)
            done = _run(engine, words)
        failed = failed or done.returncode
    return failed


def up(engine: Engine, stacks: Iterable[str], minutes: float) -> int:
    """Applies stacks one after the other, and waits for each cluster before the next one. Returns the exit code.

    Raises Problem if a cluster is not ready after `minutes`.
    """
    for stack in stacks:
        end = time.monotonic() + 60 * minutes
        waiting: str | None = "the first run"
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
    shown = None
    while found := unhealthy(ManagementCluster.here().cluster(stack), stack):
        if found != shown:
            say(f"  waiting: {found}")
            shown = found
        _pause(stack, found, end)


def _pause(stack: str, reason: str | None, end: float) -> None:
    if reason and time.monotonic() > end:
        raise Problem(f"{stack} was not ready in time: {reason}; fix it and run this again")
    if reason:
        time.sleep(_PAUSE_SECONDS)


def _output(engine: Engine, stack: str, name: str) -> str | None:
    done = _run(engine, ["stack", "output", "--stack", stack, "--json"], capture=True)
    if done.returncode:
        raise Problem(f"cannot read the outputs of {stack}: {done.stderr.strip() or 'no message'}; run this again")
    found: str | None = json.loads(done.stdout).get(name)
    return found


def _run(engine: Engine, words: Sequence[str], capture: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*engine, *words], text=True, capture_output=capture, check=False)


def main(arguments: Sequence[str] | None = None, engine: Engine = PULUMI) -> int:
    """Runs the command, and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="make stack", description="Plan or apply the stacks of environments. Example: make stack ENV=staging"
    )
    parser.add_argument("task", choices=["plan", "up"])
    parser.add_argument(
        "-e", "--environment", action="append", help="an environment, or 'management' (default: all environments)"
    )
    parser.add_argument("--role", choices=ROLES, help="only this cluster of each pair (default: both)")
    parser.add_argument("--format", choices=["text", "json", "markdown"], default="text")
    parser.add_argument("--minutes", type=float, default=45, help="how long to wait for each cluster (default: 45)")
    options = parser.parse_args(arguments)
    try:
        if shutil.which(engine[0]) is None:
            raise Problem(f"{engine[0]} is not on PATH; install it as docs/stacks.md says")
        environments = load_environments("envs")
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
