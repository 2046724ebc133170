"""Compares operations with plain Git: `python -m benchmarks.operations`. Writes a table, also into the README."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from desired.publish.publisher import Publisher

from .fleet import FOLLOWS, ROOT, name_of
from .fork import Fork, ask
from .history import write_history
from .machine import machine
from .measures import say
from .readme import put
from .table import facts
from .unpublished import measure_unpublished

Json = dict[str, Any]
_RESULTS = Path(__file__).parent / "results"
_OPERATIONS = 100_000
_GOALS = {
    "cold": ("an operation on one service with its synth, in a new process", {50: 1.5, 1000: 3.0}),
    "living": ("the same in a process that lives on", {50: 0.25, 1000: 0.5}),
    "rollback": ("a rollback in a process that lives on", {}),
    "rollback-broken": ("the same, with an illegal merge and one that does not synthesize before it", {}),
    "git": ("`git commit` and `git push` of the same files", {}),
    "status": ("`desired status`", {1000: 0.5}),
    "history": ("`desired history` of a service, the newest 100 of 100,000 operations", {1000: 0.5}),
}


def clocked(what: str, repeat: int, act: Callable[[int], object]) -> float:
    """Return the median time of several runs in seconds."""
    taken = []
    for number in range(repeat):
        began = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - began)
    say(f"{what}: {', '.join(f'{each:.3f}' for each in taken)} s")
    return statistics.median(taken)


def measure(folder: Path, services: int, repeat: int) -> Json:
    """Return all figures of a fleet of this size, in seconds."""
    say(f"{services} services: generating the fleet")
    fork, found = Fork(folder, services), dict[str, float]()
    service = name_of(services // 2 // 10 * 10 + 1)
    with fork.publisher() as publisher:
        publisher.publish()
        found["living"] = clocked("living", repeat + 1, _deploys(fork, publisher, service))
    found["cold"] = clocked("cold", repeat, lambda n: fork.desired(*_deploy_words(fork, service, 100 + n)))
    found["status"] = clocked("status", repeat, lambda n: fork.desired("status", "--json"))
    found["git"] = clocked("git", repeat, lambda n: _plain_git(fork, service, n))
    with fork.publisher() as publisher:
        publisher.publish()
        found |= _rollbacks(fork, publisher, service, repeat)
    return found


def _deploy_words(fork: Fork, service: str, number: int) -> list[str]:
    return ["deploy", service, "-e", FOLLOWS, "--image", fork.image(service, number)]


def _deploys(fork: Fork, publisher: Publisher, service: str) -> Callable[[int], None]:
    def deploy(number: int) -> None:
        build = {"image": fork.image(service, number)}
        head = publisher.branches.main
        ask(publisher, verb="deploy", environment=FOLLOWS, services={service: build}, specs_at=head)

    return deploy


def _plain_git(fork: Fork, service: str, number: int) -> None:
    """Do the same change by hand: commit and push the same two files. The pull before it is not timed."""
    paths = (
        f"releases/{FOLLOWS}/{service}.yaml",
        f"manifests/{FOLLOWS}-apps/apps/{service}-blue/deployment-{service}-blue.yaml",
    )
    for path in paths:
        with (fork.fleet.folder / path).open("a", encoding="utf-8") as file:
            file.write(f"# {number}\n")
    fork.git(fork.fleet.folder, "add", *paths)
    fork.git(fork.fleet.folder, "commit", "-q", "-m", "by hand")
    fork.git(fork.fleet.folder, "push", "-q", str(fork.remote), f"HEAD:refs/heads/plain-{number}")


def _rollbacks(fork: Fork, publisher: Publisher, service: str, repeat: int) -> dict[str, float]:
    build = {"image": fork.image(service, 999)}
    head = publisher.branches.main
    ask(publisher, verb="deploy", environment=FOLLOWS, services={service: build}, specs_at=head, canary=True)
    taken: dict[str, list[float]] = {"rollback": [], "rollback-broken": []}
    for number in range(repeat):
        for name, times in taken.items():
            ask(publisher, verb="canary", environment=FOLLOWS, service=service, share=40)
            if name == "rollback-broken":
                _merge_nonsense(fork, number)
            began = time.perf_counter()
            ask(publisher, verb="rollback", environment=FOLLOWS, service=service)
            times.append(time.perf_counter() - began)
    say(f"rollbacks: {taken}")
    return {name: statistics.median(times) for name, times in taken.items()}


def _merge_nonsense(fork: Fork, number: int) -> None:
    """Merge a manual edit of a release and code with a syntax error into main."""
    fork.git(fork.clone, "fetch", "-q", "origin")
    fork.git(fork.clone, "checkout", "-q", "-B", "nonsense", "origin/main")
    with (fork.clone / "releases" / FOLLOWS / f"{name_of(1)}.yaml").open("a", encoding="utf-8") as file:
        file.write(f"# {number}\n")
    (fork.clone / "apps" / "collector.py").write_text(f"nonsense {number}\n", encoding="utf-8")
    fork.git(fork.clone, "commit", "-q", "-a", "-m", "nonsense")
    fork.git(fork.clone, "push", "-q", "origin", "HEAD:main")


def measure_history(folder: Path) -> float:
    """Return the seconds to list the newest 100 operations of a service among 100,000, with an existing index."""
    repository = write_history(folder / "history", _OPERATIONS)
    say(f"indexing {_OPERATIONS:,} operations, once")
    publisher = Publisher.open(repository)
    publisher.index.follow(publisher.head())
    publisher.__exit__()
    command = [sys.executable, "-c", "from desired.cli import main; main()", "-C", str(repository), "--remote", ""]
    words = [*command, "history", "service-007", "-e", FOLLOWS, "-n", "100", "--json"]

    def history(number: int) -> None:
        done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
        assert len(json.loads(done.stdout)) == 100

    return clocked("history", 3, history)


def table(results: Json) -> str:
    """Return the figures as Markdown, with the goals."""
    sizes = results["sizes"]
    lines = [
        *facts(results["machine"]),
        "",
        "| seconds (and as a multiple of plain Git) | " + " | ".join(f"{int(n):,} services × 3" for n in sizes) + " |",
        "| --- |" + " ---: |" * len(sizes),
    ]
    for name, (title, goals) in _GOALS.items():
        cells = [_cell(figures, name, goals.get(int(size))) for size, figures in sizes.items()]
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", "Goals are in brackets; **bold** is missed."]
    if taken := results.get("unpublished"):
        counts = ", ".join(f"{seconds:.1f} s for {int(count):,}" for count, seconds in taken.items())
        lines += ["", f"`desired publish` where main has operations that `live` does not have: {counts}."]
    return "\n".join([*lines, ""])


def _cell(figures: Json, name: str, goal: float | None) -> str:
    if name not in figures:
        return ""
    text = f"{figures[name]:.2f} ({figures[name] / figures['git']:.1f} ×)"
    if goal is None:
        return text
    return f"{text} [{goal}]" if figures[name] <= goal else f"**{text}** [{goal}]"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.operations", description=__doc__)
    parser.add_argument("--sizes", type=lambda text: [int(each) for each in text.split(",")], default=[50, 1000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-history", action="store_true", help="leave the 100,000 operations out")
    parser.add_argument("--out", type=Path, default=_RESULTS)
    given = parser.parse_args(words)
    os.environ.pop("CI", None)
    results: Json = {"machine": machine(), "sizes": {}}
    with tempfile.TemporaryDirectory(prefix="desired-bench-") as folder:
        for size in given.sizes:
            results["sizes"][str(size)] = measure(Path(folder) / str(size), size, given.repeat)
        if not given.no_history:
            results["sizes"][str(given.sizes[-1])]["history"] = measure_history(Path(folder))
            results["unpublished"] = measure_unpublished(Fork(Path(folder) / "unpublished", given.sizes[0]))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "operations.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (given.out / "operations.md").write_text(table(results), encoding="utf-8")
    if given.out == _RESULTS:
        put(ROOT / "README.md", table(results), "operations")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
