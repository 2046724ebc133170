"""Measures synth, Helm and Kustomize on generated fleets. Writes a table, also into the README, and a plot."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.programs.build import ToolMissing, program

from . import others, synth
from .clock import ProgramFailed
from .fleet import generate
from .machine import machine, version
from .measures import Measures, say
from .objects import releases
from .plot import plot
from .readme import put
from .table import table

_RESULTS = Path(__file__).parent / "results"
_SAMPLE = 640
"""The maximum number of runs of Helm and of Kustomize for a fleet. If a fleet needs more, these are an even sample."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    given = _arguments(words)
    results: dict[str, Any] = {"machine": machine(), "sizes": {}}
    try:
        if not given.only:
            results["machine"]["helm"] = version(program("helm"), "version", "--template", "{{.Version}}")
            results["machine"]["kustomize"] = version(program("kustomize"), "version")
        # Use one folder and delete it at the end: after many deletions, creating files is slower for minutes.
        with tempfile.TemporaryDirectory(prefix="desired-bench-") as folder:
            for size in given.sizes:
                repeat = given.repeat or (3 if size <= 50 else 2 if size <= 200 else 1)
                results["sizes"][str(size)] = _measure(Path(folder) / str(size), size, repeat, bool(given.only))
    except (ProgramFailed, ToolMissing) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    _write(results, given.out)
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes", type=lambda text: [int(each) for each in text.split(",")], default=[50, 200, 1000],
        metavar="50,200,1000", help="how many services each fleet has, in three environments",
    )  # fmt: skip
    parser.add_argument("--repeat", type=int, help="runs of which the median counts; 3 for 50, fewer for more")
    parser.add_argument("--only", choices=["synth"], help="measure synth alone")
    parser.add_argument("--out", type=Path, default=_RESULTS, help="the folder to write to")
    return parser.parse_args(words)


def _measure(folder: Path, size: int, repeat: int, only_synth: bool) -> dict[str, Any]:
    say(f"{size} services: generating the fleet")
    measures = Measures(size)
    fleet = generate(folder / "fleet", size)
    synth.measure(fleet, repeat, measures)
    if not only_synth:
        others.measure(releases(fleet.manifests), folder / "others", repeat, _SAMPLE, measures)
    return measures.data


def _write(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "synth.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "synth.md").write_text(table(results), encoding="utf-8")
    plot(results, folder / "synth.svg")
    if folder == _RESULTS:
        put(_RESULTS.parent.parent / "README.md", table(results))
    print(table(results))
    say(f"wrote synth.json, synth.md and synth.svg to {folder}")


if __name__ == "__main__":
    sys.exit(main())
