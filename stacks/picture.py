"""Draws the clusters that `stacks/` makes, and writes how many nodes they need: `python -m stacks.picture`.

It writes `docs/topology.svg` and `docs/topology.md` from `envs/`, the infrastructures and `manifests/`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from constructs_lib import Environment, Role
from constructs_lib.values import Problem
from desired.progress import say
from desired.render.fleet import load_environments

from . import pair_box
from .capacity import PODS, RESERVED, as_markdown, capacity, read
from .infrastructure import load
from .pair_box import BUS, Cluster
from .side import Side, pair_of
from .svg import Picture

_COLUMNS, _MARGIN, _GAP, _ROW_GAP = 3, 44, 28, 78
_GIT, _TOP, _TOP_HEIGHT, _BETWEEN, _PAD = 300, 48, 92, 190, 12
_NARROWEST = 2 * _MARGIN + _GIT + _BETWEEN + 330
_FIRST, _TRUNK, _BRANCH = _TOP + _TOP_HEIGHT + 54, 20, 26
_ROLES: tuple[Role, ...] = ("ops", "apps")
Pair = Sequence[Cluster]


class _Row(NamedTuple):
    pairs: Sequence[Pair]
    y: float
    bottom: float


def clusters(root: Path, environments: Iterable[Environment]) -> list[Pair]:
    """The pairs of those environments that have one, in the order given. Raises Problem when there is none."""
    found = [_pair(root, each) for each in environments if each.pair]
    if not found:
        raise Problem("no environment in envs/ has a pair, so that there is nothing to draw; give one a Pair(…)")
    return found


def _pair(root: Path, environment: Environment) -> Pair:
    infrastructure = load(pair_of(environment).infrastructure)
    sides = [Side(environment, role, infrastructure) for role in _ROLES]
    return [Cluster(each, capacity(environment, each.role, infrastructure, read(root, each.name))) for each in sides]


def draw(pairs: Sequence[Pair]) -> str:
    """The SVG: the management cluster and Git on top, the environments below them, in rows."""
    columns = min(_COLUMNS, len(pairs))
    width = max(_NARROWEST, 2 * _MARGIN + columns * pair_box.WIDTH + (columns - 1) * _GAP)
    picture = Picture(width, "The clusters, and how they are made and kept", _description(pairs))
    picture.words(_MARGIN, 30, "The clusters, and how they are made and kept", "title")
    _management(picture, pairs)
    _git(picture, pairs)
    rows = _rows(pairs)
    _made(picture, rows)
    _pulled(picture, rows)
    for row in rows:
        for at, pair in enumerate(row.pairs):
            pair_box.draw(picture, pair, _left(at), row.y, row.bottom, _BRANCH)
    return picture.text(rows[-1].bottom + _BRANCH + 22)


def _rows(pairs: Sequence[Pair]) -> list[_Row]:
    found = [pairs[at : at + _COLUMNS] for at in range(0, len(pairs), _COLUMNS)]
    heights = [max(map(pair_box.height, row)) for row in found]
    tops = accumulate((height + _ROW_GAP for height in heights[:-1]), initial=_FIRST)
    return [_Row(row, y, y + height) for row, y, height in zip(found, tops, heights, strict=True)]


def _left(column: int) -> float:
    return _MARGIN + column * (pair_box.WIDTH + _GAP)


def _management(picture: Picture, pairs: Sequence[Pair]) -> None:
    left, right, y = picture.width - _MARGIN - _GIT - _BETWEEN, picture.width - _MARGIN - _GIT, _TOP + 42
    inner = left - _MARGIN - 2 * _PAD
    grounds = ", ".join(dict.fromkeys(pair[0].side.infrastructure.name for pair in pairs))
    picture.box(_MARGIN, _TOP, left - _MARGIN, _TOP_HEIGHT, "outer")
    picture.words(_MARGIN + _PAD, _TOP + 26, "Management cluster", "name", inner)
    picture.words(_MARGIN + _PAD, _TOP + 49, f"Cluster API for {grounds}", "", inner)
    said = f"a namespace for each of {sum(map(len, pairs))} clusters"
    picture.words(_MARGIN + _PAD, _TOP + 71, said, "muted", inner)
    picture.arrow([(right, y), (left, y)], "make")
    for dy, text in ((-8, "pulumi up"), (18, "on a merge: ops"), (34, "on a tag: apps")):
        picture.words((left + right) / 2, y + dy, text, "make-words", anchor="middle")


def _git(picture: Picture, pairs: Sequence[Pair]) -> None:
    x = picture.width - _MARGIN - _GIT
    branches = ", ".join(dict.fromkeys(pair[0].side.environment.git.branch for pair in pairs))
    picture.box(x, _TOP, _GIT, _TOP_HEIGHT, "outer")
    picture.words(x + _PAD, _TOP + 26, "Git", "name")
    picture.words(x + _PAD + 34, _TOP + 26, f"desired publish moves {branches}", "muted", _GIT - 2 * _PAD - 34)
    wide = (_GIT - 4 * _PAD) / 3
    for at, text in enumerate(("main", "tags", branches)):
        left = x + _PAD + at * (wide + _PAD)
        picture.box(left, _TOP + 50, wide, 28, "chip", 14)
        picture.words(left + wide / 2, _TOP + 68, text, "", wide - 12, "middle")


def _made(picture: Picture, rows: Sequence[_Row]) -> None:
    """Cluster API's way from the management cluster to each environment, on the left."""
    start = _MARGIN + BUS
    branches = [row.y - _BRANCH for row in rows]
    picture.line([(start, _TOP + _TOP_HEIGHT), (start, branches[0])], "make")
    picture.words(start + 8, branches[0] - 8, "Cluster API makes", "make-words")
    if len(rows) > 1:
        picture.line([(start, branches[0]), (_TRUNK, branches[0]), (_TRUNK, branches[-1])], "make")
    for at, (row, y) in enumerate(zip(rows, branches, strict=True)):
        picture.line([(_TRUNK if at else start, y), (_left(len(row.pairs) - 1) + BUS, y)], "make")


def _pulled(picture: Picture, rows: Sequence[_Row]) -> None:
    """What the clusters pull from Git, on the right."""
    trunk = picture.width - _TRUNK
    branches = [row.bottom + _BRANCH for row in rows]
    picture.line([(picture.width - _MARGIN - _PAD, _TOP + 64), (trunk, _TOP + 64), (trunk, branches[-1])], "pull")
    end = _left(0) + pair_box.WIDTH - BUS
    for y in branches:
        picture.line([(trunk, y), (end, y)], "pull")
        picture.words(end - 8, y + 4, "Flux pulls manifests", "pull-words", anchor="end")


def _description(pairs: Sequence[Pair]) -> str:
    """What the picture shows, for those who do not see it."""
    said = [
        "pulumi up tells the management cluster what the clusters are: ops on a merge, apps on a tag. "
        "Cluster API makes them, Flux in each of them pulls its manifests, and backups go to an object store."
    ]
    for pair in pairs:
        pools = [f"{each.side.name} with {each.capacity.nodes[0]} to {each.capacity.nodes[1]} nodes" for each in pair]
        protected = ", protected" if pair[0].side.pair.protected else ""
        said.append(
            f"{pair[0].side.environment.name} on {pair[0].side.infrastructure.name}{protected}: {' and '.join(pools)}."
        )
    return " ".join(said)


def page(pairs: Sequence[Pair]) -> str:
    """The Markdown around the picture, with the capacity of all clusters."""
    table = as_markdown([cluster.capacity for pair in pairs for cluster in pair])
    return f"{_PAGE_HEAD}\n{table}\n{_ESTIMATE}\n"


_PAGE_HEAD = """<!-- Made by `make graph` from envs/, stacks/infrastructures/ and manifests/. Changes belong there. -->
# The clusters

![The clusters, and how they are made and kept](topology.svg)

## Capacity
"""
_ESTIMATE = (
    "These are the pods in `manifests/` and those of the databases, by their requests: at least with every autoscaler "
    "at its minimum, at the peak with every autoscaler at its maximum and both slots of every service, as when all are "
    "rolled out at once. The number of nodes is a lower bound, the highest of what CPU, memory, pods and instances in "
    "different zones ask for, on the largest machines first, with "
    f"{RESERVED:.0%} of each node (and of its {PODS} pods) kept for the system and for what Helm charts run. "
    "Pods cannot be divided, so plan for some more."
)


def documents(root: Path) -> dict[str, str]:
    """The files that are written, by path. Raises Problem."""
    pairs = clusters(root, load_environments().values())
    return {"docs/topology.svg": draw(pairs), "docs/topology.md": page(pairs)}


def main() -> int:
    """The command. Returns the exit code."""
    try:
        made = documents(Path.cwd())
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        return 1
    for path, text in made.items():
        (Path.cwd() / path).write_text(text, encoding="utf-8")
        say(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
