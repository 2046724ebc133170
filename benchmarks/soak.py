"""Runs many processes that operate one fleet at once, with a real remote and synth, and then verifies the history.

The fleet is a fork of this repository: its code, its environments, and generated services with routes. Each process
chooses operations from the state that it read last, which others may have changed since. Some operations are invalid.
At the end, each accepted operation must be exactly one commit. The commits must form one line of valid steps, and the
final state must follow from them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support import audit, crowd, fork
from tests.support.crowd import Member

from .clock import CORES
from .machine import machine
from .measures import say

Json = dict[str, Any]
_CORES = 2
"""The maximum number of cores, so that figures of different machines are comparable."""
_ANSWERS = ("live", "unchanged", "repeated", "refused", "conflict", "unreachable", "problem", "crashed")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code: 1 if a check fails."""
    given = _arguments(words)
    if hasattr(os, "sched_setaffinity"):  # macOS does not support this and uses all cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    with tempfile.TemporaryDirectory(prefix="desired-") as folder:
        os.environ["DESIRED_CACHE_DIR"] = folder
        os.environ.pop("CI", None)
        results = soak(Path(folder), given.processes, given.operations, given.services, given.clones)
    print(table(results))
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for sentence in results["wrong"]:
        print(f"✗ {sentence}", file=sys.stderr)
    return 1 if results["wrong"] else 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--processes", type=int, default=16, help="how many operate at once; 16")
    parser.add_argument("--operations", type=int, default=50, help="what each of them asks for; 50")
    parser.add_argument("--services", type=int, default=8, choices=range(1, 9), metavar="1…8", help="routed ones; 8")
    parser.add_argument("--clones", type=int, help="clones that they share; one for each when not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser.parse_args(words)


def soak(folder: Path, processes: int, operations: int, services: int, clones: int | None = None) -> Json:
    """Return the figures of one run, and the checks that failed after it."""
    names = fork.SERVICES[:services]
    say(f"a fleet of {services} services in {len(fork.ENVIRONMENTS)} environments")
    fleet = fork.make(folder / "fork", names)
    start = fleet.tip("main")
    members = [
        Member(fleet, f"clone{number % (clones or processes)}", f"one{number}", operations, services=names)
        for number in range(processes)
    ]
    say(f"{processes} processes with {operations} operations each")
    before = time.perf_counter()
    running = crowd.started(members)
    crowd.wait(running, seconds=3600)
    seconds = time.perf_counter() - before
    lines = crowd.journals(members)
    say("replaying the log, and synthesizing what it leads to")
    wrong = audit.wrong(fleet, start, lines)
    run = {"processes": processes, "operations": operations, "services": services, "clones": clones or processes}
    return {"machine": machine(), "cores": min(_CORES, CORES), **run, **figures(lines, seconds), "wrong": wrong}


def figures(lines: Sequence[Json], seconds: float) -> Json:
    """Return counts, operations per second, and the seconds of accepted operations."""
    answers = [line for line in lines if line["status"] != "asked"]
    counts = Counter(line["status"] for line in answers)
    took = sorted(line["seconds"] for line in answers if line["status"] == "live")
    return {
        "seconds": seconds,
        "asked": len(answers),
        "answers": {status: counts[status] for status in _ANSWERS},
        "asked_per_second": len(answers) / seconds,
        "accepted_per_second": len(took) / seconds,
        "p50_seconds": _share(took, 0.5),
        "p99_seconds": _share(took, 0.99),
        "longest_seconds": _share(took, 1.0),
        "verbs": dict(sorted(Counter(line["verb"] for line in answers if line["status"] == "live").items())),
    }


def _share(sorted_: Sequence[float], share: float) -> float:
    return sorted_[min(len(sorted_) - 1, int(len(sorted_) * share))] if sorted_ else 0.0


def table(results: Json) -> str:
    """Return the figures as Markdown."""
    answers = results["answers"]
    rows = {
        "processes × operations": f"{results['processes']} × {results['operations']}, {results['clones']} clones",
        "services": f"{results['services']}, in {len(fork.ENVIRONMENTS)} environments, on {results['cores']} cores",
        "asked for": f"{results['asked']:,} in {results['seconds']:,.0f} s",
        "accepted": f"{answers['live']:,}, {results['accepted_per_second']:.1f} per second",
        "accepted, by verb": ", ".join(f"{verb} {count}" for verb, count in results["verbs"].items()),
        "repeated, answered as the first time": answers["repeated"],
        "unchanged": answers["unchanged"],
        "refused": answers["refused"],
        "conflicts": answers["conflict"],
        "unreachable or other problems": sum(answers[each] for each in ("unreachable", "problem", "crashed")),
        "an accepted one took, median": f"{results['p50_seconds']:.2f} s",
        "99 of 100 took at most": f"{results['p99_seconds']:.2f} s",
        "wrong afterwards": len(results["wrong"]),
    }
    return "\n".join(("| | |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in rows.items())))


if __name__ == "__main__":
    sys.exit(main())
