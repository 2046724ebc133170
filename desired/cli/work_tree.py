"""Commands over the work tree, for the people who change it: `python -m envs [synth | diff | graph]`."""

# ruff: noqa: PLC0415 - `synth` starts most often, and needs neither diff nor graph

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from constructs_lib.values import Problem

from ..progress import say
from ..render.fleet import Fleet, load_fleet
from ..render.synth import synthesize


def main(given: Fleet | str, words: Sequence[str] | None = None) -> int:
    """The command; `synth` where none is named. Returns the exit code.

    `main("envs.compose")` reads the fleet from that module, and says in a sentence what is wrong with it.
    """
    options = _parser().parse_args(sys.argv[1:] if words is None else words)
    try:
        fleet = load_fleet(given)
        if options.command in (None, "synth"):
            return synthesize(fleet, Path.cwd())
        return _diff(fleet, options) if options.command == "diff" else _graph(fleet, options)
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        return problem.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m envs", description="Make and compare the manifests of a work tree."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("synth", help="write manifests/ for every environment (the default)")
    compare = commands.add_parser(
        "diff",
        help="show what the work tree changes in each cluster, compared with a commit",
        description="Show what the work tree changes in each cluster, compared with a commit. Nothing is written.",
        epilog='example, for a pull request: diff --base "$(git merge-base origin/main HEAD)" --format markdown',
    )
    compare.add_argument("--base", default="HEAD", metavar="REF", help="the commit, branch or tag to compare with")
    compare.add_argument("--format", choices=("text", "patch", "markdown", "json"), default="text")
    compare.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    graph = commands.add_parser("graph", help="print which service calls which, as a Mermaid flowchart")
    graph.add_argument("-e", "--environment", help="only the services that run in this environment")
    return parser


def _diff(fleet: Fleet, options: argparse.Namespace) -> int:
    from ..diff.report import as_json, as_markdown, as_patch, as_text
    from ..diff.work_tree import diff

    found = diff(fleet, Path.cwd(), options.base)
    reports = {"markdown": as_markdown, "json": as_json}
    if report := reports.get(options.format):
        _print(report(found))
    else:
        colours = wants_colours(sys.stdout, os.environ)
        _print((as_patch if options.format == "patch" else as_text)(found, colours))
    if found.stale:
        say("manifests/ does not hold this yet; run `make synth`.")
    return 0


def _graph(fleet: Fleet, options: argparse.Namespace) -> int:
    from ..documents.graph import draw, running_in

    _print(draw(running_in(fleet, Path.cwd(), options.environment)))
    return 0


def wants_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Only a terminal gets colours, and only if its owner did not turn them off. Source: no-color.org."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":  # not by way of `envs`, whose `__init__.py` could end the program before it begins
    sys.exit(main("envs.compose"))
