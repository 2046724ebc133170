"""Draws the clusters with Mermaid, and writes how many nodes they need: `python -m stacks.tools.picture`.

It writes `docs/topology.md` from `envs/`, the infrastructures and `manifests/`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from constructs_lib import DatabaseClass, Environment, Pool
from constructs_lib.values import Problem
from constructs_lib.values.environment import ROLES
from desired.progress import say
from desired.render.fleet import load_environments

from ..resources.cluster_spec import ClusterSpec, pair_of
from ..resources.infrastructure import load
from .capacity import PODS, RESERVED, Capacity, as_markdown, capacity, span
from .pod_requests import read

PATH = "docs/topology.md"


class DrawnCluster(NamedTuple):
    """One cluster of a pair, and what it needs."""

    spec: ClusterSpec
    capacity: Capacity


Pair = Sequence[DrawnCluster]


def pairs(root: Path, environments: Iterable[Environment]) -> list[Pair]:
    """The pairs of the environments, in this order. Raises Problem if no environment has one."""
    found = [_pair(root, each) for each in environments if each.pair]
    if not found:
        raise Problem("no environment in envs/ has a pair, so there is nothing to draw; add pair=Pair(…) to one")
    return found


def _pair(root: Path, environment: Environment) -> Pair:
    infrastructure = load(pair_of(environment).infrastructure)
    specs = [ClusterSpec(environment, role, infrastructure) for role in ROLES]
    return [DrawnCluster(each, capacity(each, read(root, each.name))) for each in specs]


def draw(found: Sequence[Pair]) -> str:
    """A Mermaid flowchart: Git and the management cluster, and the pair of each environment."""
    names = ", ".join(dict.fromkeys(pair[0].spec.infrastructure.name for pair in found))
    branches = ", ".join(dict.fromkeys(pair[0].spec.environment.git.branch for pair in found))
    count = sum(map(len, found))
    lines = [
        "flowchart LR",
        f"  git[{_text('Git', f'main, tags, {branches}')}]",
        f"  management[{_text('Management cluster', f'Cluster API for {names}', f'{count} namespaces')}]",
        '  git -->|"pulumi up: on a merge ops, on a tag apps"| management',
        *(line for number, pair in enumerate(found) for line in _environment(number, pair)),
    ]
    return "\n".join(lines) + "\n"


def _environment(number: int, pair: Pair) -> Iterator[str]:
    """A subgraph for one environment, and the arrows to it."""
    spec = pair[0].spec
    yield f"  subgraph env{number}[{_text(*_title(spec))}]"
    yield "    direction TB"
    for each in pair:
        identity = f"env{number}{each.spec.role}"
        yield f"    {identity}[{_text(*_cluster(each))}]"
        database = each.spec.environment.database
        yield f"    {identity}db[({_text(*_database(database))})]"
        yield f"    {identity} --- {identity}db"
        if database.backups:
            store = _text(f"{database.backups.to}/{each.spec.name}")
            kept = _text(f"backups, kept {database.backups.retention}")
            yield f"    {identity}db -.->|{kept}| {identity}store[{store}]"
    yield "  end"
    yield f'  management -->|"Cluster API"| env{number}'
    yield f'  env{number} -.->|"Flux pulls {spec.environment.git.branch}"| git'


def _title(spec: ClusterSpec) -> Iterator[str]:
    yield spec.environment.name + (" (protected)" if spec.pair.protected else "")
    yield ", ".join(filter(None, (spec.infrastructure.name, spec.pair.region, f"owner {spec.pair.owner}")))


def _cluster(each: DrawnCluster) -> Iterator[str]:
    spec, found = each.spec, each.capacity
    yield spec.name
    yield f"Kubernetes {spec.pair.kubernetes}"
    yield f"control plane: {spec.pair.control_plane} × {spec.infrastructure.config.machines['M'].type}"
    for pool in spec.pools:
        yield _pool(spec, pool)
    sign = "⚠ " if found.lacking else ""
    yield f"{sign}needs about {span(found.least.nodes, found.peak.nodes)} of its {span(*found.nodes)} nodes"


def _pool(spec: ClusterSpec, pool: Pool) -> str:
    machine = spec.infrastructure.config.machines[pool.size].type
    tiers = f", tier {' and '.join(map(str, pool.tiers))}" if pool.tiers else ""
    return f"{pool.name}: {span(pool.min, pool.max)} × {machine} in each of {', '.join(spec.environment.zones)}{tiers}"


def _database(database: DatabaseClass) -> Iterator[str]:
    yield f"PostgreSQL: {database.instances} × {database.storage}"
    if database.pooler:
        yield f"PgBouncer × {database.pooler.instances}"
    if not database.backups:
        yield "no backups"


def _text(*lines: str) -> str:
    """A label: quoted, with line breaks. Mermaid reads `#…;` as a character, and `<` as HTML."""
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        lines = tuple(line.replace(character, code) for line in lines)
    return f'"{"<br/>".join(lines)}"'


def page(found: Sequence[Pair]) -> str:
    """The content of `docs/topology.md`: the drawing, and the capacity of all clusters."""
    table = as_markdown([each.capacity for pair in found for each in pair])
    return f"{_HEAD}```mermaid\n{draw(found)}```\n\n## Capacity\n\n{table}\n{_ESTIMATE}\n"


_HEAD = """<!-- `make graph` writes this file from envs/, stacks/infrastructures/ and manifests/. Do not edit it. -->
# The clusters

Each environment has two clusters, which Cluster API makes and Flux fills from Git.

"""
_ESTIMATE = f"""The numbers are estimates from the requests of the pods in `manifests/` and of the databases.

- **At least**: every autoscaler is at its minimum.
- **At the peak**: every autoscaler is at its maximum, and every service has both slots, as if all were
  rolled out at once.
- **Nodes needed** is a lower bound: the highest of what CPU, memory, pods and instances in different
  zones need, on the largest machines first. {RESERVED:.0%} of each node (and of its {PODS} pods) is kept for
  the system and for Helm charts. A pod cannot be divided, so plan for a few more."""


def main() -> int:
    """Runs the command, and returns its exit code."""
    try:
        text = page(pairs(Path.cwd(), load_environments("envs").values()))
    except Problem as problem:
        for sentence in problem.sentences:
            say(f"✗ {sentence}")
        return 1
    (Path.cwd() / PATH).write_text(text, encoding="utf-8")
    say(f"wrote {PATH}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
